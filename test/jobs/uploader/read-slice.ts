import { createHash, randomBytes } from 'node:crypto'
import { open, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { readSlice } from '../../../jobs/uploader/read-slice.ts'

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')

const content = randomBytes(1024 * 1024 + 7)
const path = join(t.testdir(), 'file')
await writeFile(path, content)
const file = await open(path)
t.teardown(async () => await file.close())

for (
  const [start, size] of [
    [0, 0], [0, 1], [0, 256 * 1024], [0, 256 * 1024 + 1], [3, 512 * 1024], [256 * 1024, 300_000], [0, content.length],
    [content.length - 1, 1], [content.length - 10, 100], [content.length + 5, 10], [17, 2 * content.length]
  ] as const
) {
  await t.test(`${size} bytes from ${start} on`, async (t) => {
    const hash = createHash('sha256')
    for await (const bytes of readSlice(file, { start, size })) hash.update(bytes)
    t.equal(hash.digest('hex'), sha256(content.subarray(start, start + size)))
  })
}

await t.test('a reader that breaks off leaves the file open for the next', async (t) => {
  const slice = readSlice(file, { start: 0, size: content.length })
  const { value } = await slice.next()
  t.ok(value?.equals(content.subarray(0, value.length)))
  await slice.return(undefined)
  const { value: byte } = await readSlice(file, { start: 9, size: 1 }).next()
  t.strictSame([...byte!], [content[9]])
})

await t.test('a file that cannot be read is an error for the reader, not for the process', async (t) => {
  const folder = await open(t.testdir())
  t.teardown(async () => await folder.close())
  await t.rejects(readSlice(folder, { start: 0, size: 10 }).next(), { code: 'EISDIR' })
})
