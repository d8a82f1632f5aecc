import { appendFileSync, mkdirSync, readFileSync, renameSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { hashFile, type How, SMALL } from '../../../jobs/uploader/hash-file.ts'
import { type FoundFile, scanResults } from '../../../jobs/uploader/scan-results.ts'
import { contentOf } from '../../support/content-of.ts'

const usual: How = { ended: false, syncable: true, asItIs: false }

async function found (t: Test, size: number): Promise<FoundFile> {
  const folder = t.testdir({ sub: {} })
  writeFileSync(join(folder, 'sub', 'file'), Buffer.alloc(size, 'x'))
  return (await scanResults(folder, { final: false })).files[0]!
}

for (
  const [what, size, how, isFixed] of [
    ['a small file while the workload runs', SMALL, usual, false],
    ['a larger file while the workload runs', SMALL + 1, usual, true],
    ['a larger file on a volume whose times do not show mapped writes', SMALL + 1, { ...usual, syncable: false }, false],
    ['a larger file that is taken as it is', SMALL + 1, { ...usual, asItIs: true }, false],
    ['a small file after the workload', SMALL, { ...usual, ended: true }, true],
    ['a larger file after the workload', SMALL + 1, { ...usual, ended: true }, true],
    ['any file after the workload, on any volume', SMALL + 1, { ...usual, ended: true, syncable: false }, true]
  ] as const
) {
  await t.test(`${what} is ${isFixed ? 'not ' : ''}to be read again`, async (t) => {
    const file = await found(t, size)
    const hashed = await hashFile(file, how)
    t.match(hashed, { ...contentOf(readFileSync(file.path)), isFixed })
    t.equal(typeof hashed === 'object' && hashed.bytes?.length, size <= SMALL ? size : undefined)
  })
}

for (
  const [what, change, asItIs] of [
    ['longer', ({ path }) => appendFileSync(path, 'more'), 'the beginning'],
    ['shorter', ({ path }) => truncateSync(path, 10), 'changed'],
    ['of other bytes', ({ path, size }) => writeFileSync(path, Buffer.alloc(size, 'y')), 'the other bytes'],
    ['gone', ({ path }) => renameSync(path, path + '2'), 'changed'],
    ['a folder', ({ path }) => {
      renameSync(path, path + '2')
      mkdirSync(path)
    }, 'changed'],
    ['a symbolic link', ({ path }) => {
      renameSync(path, path + '2')
      symlinkSync(path + '2', path)
    }, 'changed'],
    ['in a folder that is a symbolic link', ({ path }) => {
      const folder = join(path, '..')
      renameSync(folder, folder + '2')
      symlinkSync(folder + '2', folder)
      appendFileSync(path, 'more')
    }, 'changed']
  ] as [string, (file: FoundFile) => void, string][]
) {
  await t.test(`a file that is ${what} by now has changed; taken as it is it gives: ${asItIs}`, async (t) => {
    for (const size of [1000, SMALL + 1000]) {
      const file = await found(t, size)
      change(file)
      t.equal(await hashFile(file, usual), 'changed')
      const expected = {
        changed: 'changed',
        'the beginning': contentOf(Buffer.alloc(size, 'x')),
        'the other bytes': contentOf(Buffer.alloc(size, 'y'))
      }[asItIs]
      t.match(await hashFile(file, { ...usual, asItIs: true }), expected)
    }
  })
}
