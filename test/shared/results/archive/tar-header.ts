import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import t from 'tap'
import { extract } from 'tar-stream'
import { allOf } from '../../../support/all-of.ts'
import { END_OF_TAR, type TarEntry, tarHeader, tarPadding, tarSize } from '../../../../shared/results/archive/tar-header.ts'

const mtime = new Date('2026-05-05T05:05:05Z')
const GIB = 2 ** 30

/** Lengths around those at which a header, a PAX record or a block needs another digit or block. */
const lengths = [[1, 1], [84, 92], [99, 101], [200, 200], [496, 512], [900, 900]].flatMap(([from = 0, to = 0]) =>
  Array.from({ length: to - from + 1 }, (_, at) => from + at))
const names = [
  ...lengths.map((length) => 'n'.repeat(length)),
  ...lengths.filter((length) => length > 2).map((length) => `ü${'n'.repeat(length - 2)}`),
  `${'long/'.repeat(60)}end`,
  'a b', "it's", '100%', '=', 'path=x\u00fc', '🚗'.repeat(225), '.zgroup'
]
const sizes = [0, 1, 511, 512, 513, 8 * GIB - 1, 8 * GIB, 8 * GIB + 1, 5 * 1024 * GIB]

/** What a reader finds in a header. The content does not follow. */
async function readBack (header: Buffer): Promise<{ name: string, size: number, mtime: Date | undefined }> {
  const reader = extract()
  return await new Promise((resolve, reject) => {
    reader.on('entry', ({ name, size = -1, mtime }) => {
      resolve({ name, size, mtime })
      reader.destroy()
    })
    reader.on('error', reject)
    reader.write(header)
  })
}

await t.test('a reader finds every name and size in the header, and the size of the archive is known before', async (t) => {
  for (const name of names) {
    for (const size of sizes) {
      const entry: TarEntry = { name, size, mtime }
      const header = tarHeader(entry)
      t.strictSame(await readBack(header), entry, `${name.length} characters, ${size} bytes`)
      t.equal(tarSize(entry), header.length + size + tarPadding(size).length)
      t.equal(tarSize(entry) % 512, 0)
    }
  }
})

await t.test('tar and Python read the archive', async (t) => {
  const small = names.map((name, at) => ({ name: name.replaceAll('=', '-'), size: at % 3 * 300, mtime }))
    .filter(({ name }) => name.split('/').every((part) => Buffer.byteLength(part) <= 255))
  const archive = Buffer.concat([
    ...small.flatMap((entry) => [tarHeader(entry), Buffer.alloc(entry.size, 'x'), tarPadding(entry.size)]),
    END_OF_TAR
  ])
  t.equal(archive.length, small.reduce((sum, entry) => sum + tarSize(entry), END_OF_TAR.length))
  const file = join(t.testdir({}), 'a.tar')
  writeFileSync(file, archive)
  const listed = execFileSync('tar', ['--quoting-style=literal', '-tf', file], { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C.UTF-8' } })
  t.strictSame(listed.trimEnd().split('\n'), small.map(({ name }) => name))
  const python = execFileSync('python3', ['-c', `
import json, sys, tarfile
print(json.dumps([[m.name, m.size, m.mtime, m.mode] for m in tarfile.open(sys.argv[1])]))`, file], { encoding: 'utf8' })
  t.strictSame(JSON.parse(python), small.map(({ name, size }) => [name, size, mtime.getTime() / 1000, 0o644]))
})

await t.test('a program that knows no PAX takes no name for an absolute one or a folder', async (t) => {
  const header = tarHeader({ name: `${'a'.repeat(50)}/${'b'.repeat(99)}`, size: 1, mtime })
  t.match(header.subarray(-512).toString('latin1'), /^b{99}\0/)
})

await t.test('nothing follows the end of an archive', async (t) => {
  const reader = Readable.from([END_OF_TAR]).pipe(extract())
  t.strictSame(await allOf(reader), [])
  t.equal(END_OF_TAR.length, 1024)
})
