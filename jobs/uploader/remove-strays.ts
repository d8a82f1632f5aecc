import type { Ask } from './ask-service.ts'

/** Takes back what was uploaded and is no longer in the folder: renamed or removed by the workload since. */
export async function removeStrays (ask: Ask, names: ReadonlySet<string>, log: (line: string) => void): Promise<void> {
  let cursor: string | null = ''
  while (cursor !== null) {
    const { body }: { body: { names: string[], next_cursor: string | null } } = await ask(
      'GET',
      cursor === '' ? 'upload' : `upload?cursor=${encodeURIComponent(cursor)}`
    )
    for (const name of body.names.filter((name) => !names.has(name))) {
      await ask('DELETE', `upload?name=${encodeURIComponent(name)}`)
      log(`taken back: ${JSON.stringify(name)}, it is no longer there`)
    }
    cursor = body.next_cursor
  }
}
