import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import t, { type Test } from 'tap'
import { SMALL } from '../../../jobs/uploader/hash-file.ts'
import { showsMappedWrites } from '../../../jobs/uploader/shows-mapped-writes.ts'
import { contentOf } from '../../support/content-of.ts'
import { resultFolder } from '../../support/result-folder.ts'
import { runUploader } from '../../support/run-uploader.ts'
import { uploadServer } from '../../support/upload-server.ts'

/** Fills a file through a shared mapping with each letter that it reads, and never syncs it. */
const WORKLOAD = `
import mmap, os, sys
path, size = sys.argv[1], int(sys.argv[2])
file = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
os.ftruncate(file, size)
mapping = mmap.mmap(file, size)
for line in sys.stdin:
    mapping[:] = line[0].encode() * size
    print(line[0], flush=True)
`

/** A program that has a file mapped for as long as it runs. */
function mappedFile (t: Test, path: string, size: number) {
  const child = spawn('python3', ['-c', WORKLOAD, path, String(size)], { stdio: ['pipe', 'pipe', 'inherit'] })
  t.teardown(() => child.kill('SIGKILL'))
  const lines = createInterface(child.stdout)
  return {
    async fill (letter: string): Promise<void> {
      child.stdin.write(letter + '\n')
      const [line] = await once(lines, 'line')
      if (line !== letter) throw new Error(`the file is not filled: ${line}`)
    },
    async end (): Promise<void> {
      child.stdin.end()
      await once(child, 'exit')
    }
  }
}

function folderInMemory (t: Test): string {
  const above = mkdtempSync('/dev/shm/gx4ki-test-')
  t.teardown(() => rmSync(above, { recursive: true, force: true }))
  mkdirSync(join(above, 'results'))
  return join(above, 'results')
}

const places = [
  { where: 'on the disk', folderOf: resultFolder, skip: false },
  { where: 'in memory', folderOf: folderInMemory, skip: !existsSync('/dev/shm') && 'this machine has no /dev/shm' }
]

for (const { where, folderOf, skip } of places) {
  for (const size of [4096, SMALL, SMALL + 1, 2 ** 20]) {
    await t.test(`${where}, a mapped file of ${size} bytes is published as it is at the end`, { skip }, async (t) => {
      const folder = folderOf(t)
      const server = await uploadServer(t)
      const path = join(folder, 'grid')
      const workload = mappedFile(t, path, size)
      await workload.fill('a')
      const uploader = await runUploader(t, { ...server, folder })
      await uploader.said('stored: "grid"')
      t.same(await server.contents(), [digest('a', size)], 'uploaded early')
      for (const letter of ['b', 'c']) await workload.fill(letter)
      await workload.end()
      t.equal(await uploader.end(), 0)
      t.equal(readFileSync(path).toString(), 'c'.repeat(size))
      t.equal((await server.published())['grid']?.toString(), 'c'.repeat(size))
      t.same(await server.contents(), [digest('c', size)])
    })
  }

  await t.test(`${where}, a mapped file that changes while it is sent is published as it is at the end`, { skip }, async (t) => {
    const folder = folderOf(t)
    const letters = ['b', 'c', 'd']
    const server = await uploadServer(t, {
      asked: async (route) => {
        const letter = route === 'upload' ? letters.shift() : undefined
        if (letter !== undefined) await workload.fill(letter)
      }
    })
    const workload = mappedFile(t, join(folder, 'grid'), 2 ** 20)
    await workload.fill('a')
    const uploader = await runUploader(t, { ...server, folder })
    await uploader.said('stored: "grid"')
    await workload.end()
    t.equal(await uploader.end(), 0)
    t.equal((await server.published())['grid']?.toString(), 'd'.repeat(2 ** 20))
  })
}

const shown = await showsMappedWrites(import.meta.dirname)
await t.test('a large unchanged file on a disk is not read again at the end, a small one is', {
  skip: !shown && 'the tests are on no disk that shows mapped writes'
}, async (t) => {
  const large = randomBytes(32 * 2 ** 20)
  const files = { large, small: randomBytes(SMALL) }
  const folder = resultFolder(t, files)
  let before = Infinity
  let after = 0
  const server = await uploadServer(t, {
    asked: (route) => {
      if (route === 'done') after = uploader.bytesRead()
    }
  })
  const uploader = await runUploader(t, { ...server, folder })
  await uploader.said('stored: "large"')
  await uploader.said('stored: "small"')
  before = uploader.bytesRead()
  t.ok(before > large.length, 'the counter counts')
  t.equal(await uploader.end(), 0)
  t.ok(after - before >= SMALL, 'the small file was read')
  t.ok(after - before < large.length / 2, `but only ${after - before} bytes in all`)
  t.match(await server.manifest(), { files: 2, complete: true })
})

function digest (letter: string, size: number): string {
  return contentOf(Buffer.alloc(size, letter)).sha256
}
