import { renameSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { poll } from '../../support/poll.ts'
import { resultFolder, writeResult } from '../../support/result-folder.ts'
import { runUploader } from '../../support/run-uploader.ts'
import { storeProxy } from '../../support/store-proxy.ts'
import { uploadServer } from '../../support/upload-server.ts'

await t.test('thousands of small files in one burst come up complete, with few requests', async (t) => {
  const proxy = await storeProxy(t)
  const asked: string[] = []
  const server = await uploadServer(t, { proxy, asked: (route) => asked.push(route) })
  const DIFFERENT = 3000
  const SAME = 400
  const files: Record<string, string> = {}
  for (let at = 0; at < DIFFERENT; at++) files[`frames/${at % 7}/frame-${at}.txt`] = `content ${at}`
  // In all batches.
  for (let at = 0; at < SAME; at++) files[`frames/${at % 7}/same-${at}`] = 'the same in all of them'
  const folder = resultFolder(t, files)
  const uploader = await runUploader(t, { ...server, folder })
  t.equal(await uploader.end(), 0)

  t.match(uploader.output(), `all is up: ${DIFFERENT + SAME} files`)
  const manifest = (await server.manifest())!
  t.match(manifest, { files: DIFFERENT + SAME, complete: true, left_out_count: 0 })
  t.equal(manifest.pages.length, 4)
  const published = await server.published()
  t.same(Object.fromEntries(Object.entries(published).map(([name, body]) => [name, body.toString()])), files)
  t.equal((await server.contents()).length, DIFFERENT + 1)

  const puts = proxy.seen.filter(({ method, path }) => method === 'PUT' && path.includes('/results/')).length
  t.equal(puts, DIFFERENT + 1, 'each content is sent once')
  t.ok(proxy.seen.length <= 1.1 * DIFFERENT, `${proxy.seen.length} requests to the store in all`)
  const routes = Object.groupBy(asked, (route) => route)
  t.ok(routes['upload']!.length <= (DIFFERENT + SAME) / 100 + 5, `${routes['upload']!.length} requests for grants`)
  t.ok(routes['journal']!.length <= (DIFFERENT + SAME) / 500 + 3, `${routes['journal']!.length} pages of the journal`)
  t.equal(routes['done']!.length, 1)
})

await t.test('files that come and go by hundreds leave a right journal', async (t) => {
  const server = await uploadServer(t)
  const numbered = (letter: string): Record<string, string> =>
    Object.fromEntries(Array.from({ length: 700 }, (_, at) => [`${letter}${at}`, `${letter} of ${at}`]))
  const folder = resultFolder(t, numbered('a'))
  const uploader = await runUploader(t, { ...server, folder })
  await poll('the first are published', async () => (await server.names()).length === 700)
  for (const name of Object.keys(numbered('a'))) renameSync(join(folder, name), join(folder, name.replace('a', 'b')))
  await poll('under their new names', async () => {
    const names = await server.names()
    return names.length === 700 && names.every((name) => name.startsWith('b'))
  })
  for (const [name, text] of Object.entries(numbered('c'))) writeResult(folder, name, text)
  t.equal(await uploader.end(), 0)
  t.match(await server.manifest(), { files: 1400, complete: true })
  const published = await server.published()
  t.equal(published['b7']?.toString(), 'a of 7')
  t.equal(published['c699']?.toString(), 'c of 699')
  t.equal((await server.contents()).length, 1400)
})
