import type { IncomingHttpHeaders } from 'node:http'
import { problem } from '../problem.ts'

/** The charset of a media type, if it is another than UTF-8, of which ASCII is a part. */
export function foreignCharset (mediaType: string): string | undefined {
  const named = mediaType.matchAll(/;[ \t]*charset[ \t]*=[ \t]*["']?([^\s"';]*)/gi)
  return [...named].map(([, charset]) => charset!).find((charset) => !/^(utf-?8|(us-)?ascii)$/i.test(charset))
}

/** Refuses a text that says it is not UTF-8: read as UTF-8, it could become another text. */
export function checkCharset ({ 'content-type': type = '' }: IncomingHttpHeaders): void {
  if (foreignCharset(type) === undefined) return
  const message = 'must have no other charset than utf-8'
  throw problem('unsupported-media-type', `content-type: ${message}`, { errors: [{ field: 'content-type', message }] })
}
