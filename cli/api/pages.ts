import type { Session } from '../session.ts'
import { askJson } from './ask.ts'

/** All pages of a list, one after another. */
export async function * pagesOf<Page extends { next_cursor: string | null }> (
  session: Session,
  path: string,
  query: Record<string, string | undefined>,
  ...members: (keyof Page & string)[]
): AsyncGenerator<Page> {
  for (let cursor: string | null | undefined; cursor !== null;) {
    const asked = Object.entries({ ...query, cursor }).flatMap(([name, value]) =>
      value === undefined ? [] : [`${name}=${encodeURIComponent(value)}`]
    )
    const page: Page = await askJson<Page>(session, { path: `${path}?${asked.join('&')}` }, 'next_cursor', ...members)
    yield page
    cursor = page.next_cursor
  }
}
