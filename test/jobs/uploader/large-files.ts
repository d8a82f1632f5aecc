import { randomBytes } from 'node:crypto'
import { appendFileSync, closeSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { listAll } from '../../../shared/store/object-store.ts'
import type { Store } from '../../../shared/store/open-store.ts'
import { contentOf } from '../../support/content-of.ts'
import { resultFolder } from '../../support/result-folder.ts'
import { runUploader } from '../../support/run-uploader.ts'
import { uploadServer } from '../../support/upload-server.ts'

const MIB = 2 ** 20
/** The least that S3 takes for any part but the last. */
const PART = 5 * MIB
const PARTS = 8
const inParts = { largestPut: PART, smallestPart: PART }

function largeFile (t: Test, bytes: Buffer): { folder: string, path: string } {
  const folder = resultFolder(t, { 'large.mcap': bytes })
  return { folder, path: join(folder, 'large.mcap') }
}

async function notes (store: Store): Promise<string[]> {
  const keys = []
  for await (const { key } of listAll(store, 'uploads/', { tags: false })) keys.push(key)
  return keys.filter((key) => key.includes('multipart'))
}

for (const [how, limits] of [['in parts', { largestPut: 64 * MIB, smallestPart: 16 * MIB }], ['in one piece', {}]] as const) {
  await t.test(`a file of 70 MiB goes up ${how}, in little memory`, async (t) => {
    const asked: string[] = []
    const server = await uploadServer(t, { ...limits, asked: (route) => asked.push(route) })
    const bytes = randomBytes(70 * MIB)
    const uploader = await runUploader(t, { ...server, ...largeFile(t, bytes) })
    await uploader.said('stored: "large.mcap"')
    t.ok(uploader.peakMemory() < 200 * MIB, `${Math.round(uploader.peakMemory() / MIB)} MiB at most`)
    t.equal(await uploader.end(), 0)
    t.equal(asked.filter((route) => route === 'upload/part').length, how === 'in parts' ? 5 : 0)
    t.ok((await server.published())['large.mcap']?.equals(bytes))
    t.same(await server.contents(), [contentOf(bytes).sha256])
  })
}

await t.test('an upload that breaks in the middle goes on where it stopped', async (t) => {
  let parts = 0
  let breakAt = PARTS - 1
  const server = await uploadServer(t, {
    ...inParts,
    asked: (route) => {
      if (route === 'upload/part' && ++parts === breakAt) first.kill('SIGKILL')
    }
  })
  const bytes = randomBytes(PARTS * PART - 1000)
  const { folder } = largeFile(t, bytes)
  const first = await runUploader(t, { ...server, folder })
  t.equal(await first.exited, 'SIGKILL')
  t.equal((await notes(server.store)).length, 1)

  breakAt = Infinity
  const before = parts
  t.equal(await (await runUploader(t, { ...server, folder })).end(), 0)
  t.ok((await server.published())['large.mcap']?.equals(bytes))
  // Up to four were on their way, and one was not granted yet.
  t.ok(parts - before <= 5, `${parts - before} parts were asked for again`)
  t.same(await notes(server.store), [])
})

await t.test('a grant that fails in the middle costs one part only', async (t) => {
  let parts = 0
  const server = await uploadServer(t, {
    ...inParts,
    spoil: (grant) => ++parts === 3 ? { ...grant, url: grant.url.replace(/:\d+\//, ':1/') } : grant
  })
  const bytes = randomBytes(4 * PART)
  const uploader = await runUploader(t, { ...server, ...largeFile(t, bytes) })
  t.equal(await uploader.end(), 0)
  t.ok((await server.published())['large.mcap']?.equals(bytes))
  t.ok(parts <= 6, `${parts} grants`)
  t.notMatch(uploader.output(), 'changed', 'and the file is not read from the start again')
})

await t.test('two large files with the same bytes are sent once', async (t) => {
  const asked: string[] = []
  const server = await uploadServer(t, { ...inParts, asked: (route) => asked.push(route) })
  const bytes = randomBytes(2 * PART)
  const folder = resultFolder(t, { one: bytes, two: bytes })
  t.equal(await (await runUploader(t, { ...server, folder })).end(), 0)
  const { one, two } = await server.published()
  t.ok(one?.equals(bytes) && two?.equals(bytes))
  t.equal(asked.filter((route) => route === 'upload/part').length, 2)
})

/** Changes the last part, which is not hashed yet while the first one is sent. */
function overwrite (path: string): void {
  const file = openSync(path, 'r+')
  writeSync(file, 'other bytes', (PARTS - 1) * PART + 7)
  closeSync(file)
}

for (
  const { what, when, change, completed } of [
    // What was there before it grew makes a file as well.
    {
      what: 'grows while it goes up',
      when: 'upload/part',
      change: (path: string) => appendFileSync(path, 'and more'),
      completed: 2
    },
    { what: 'changes within while it goes up', when: 'upload/part', change: overwrite, completed: 1 },
    { what: 'changes within before it goes up', when: 'upload', change: overwrite, completed: 1 },
    {
      what: 'shrinks while it goes up',
      when: 'upload/part',
      change: (path: string) => writeFileSync(path, 'all gone'),
      completed: 0
    }
  ]
) {
  await t.test(`a large file that ${what} is in the end what it is in the folder`, async (t) => {
    const asked: string[] = []
    const server = await uploadServer(t, {
      ...inParts,
      asked: (route) => {
        if (route === when && !asked.includes(when)) change(path)
        asked.push(route)
      }
    })
    const { folder, path } = largeFile(t, randomBytes(PARTS * PART))
    const uploader = await runUploader(t, { ...server, folder })
    await uploader.said('large.mcap')
    t.equal(await uploader.end(), 0)
    t.ok((await server.published())['large.mcap']?.equals(readFileSync(path)))
    t.same(await server.contents(), [contentOf(readFileSync(path)).sha256])
    t.equal(asked.filter((route) => route === 'upload/complete').length, completed, 'and never was a mixture of both')
  })
}
