import { execFileSync } from 'node:child_process'
import { appendFileSync, mkdirSync, renameSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { openResult } from '../../../jobs/uploader/open-result.ts'
import { scanResults } from '../../../jobs/uploader/scan-results.ts'

await t.test('plain files are found, also in sub-folders; what begins with a dot is not', async (t) => {
  const folder = t.testdir({
    'a b+%#?.txt': 'one',
    empty: '',
    'Größe 😀': 'four',
    '.half-written': 'x',
    '.cache': { file: 'x' },
    sub: { folder: { file: 'deep' }, '.hidden': 'x', '..dots': 'x', nothing: {} }
  })
  const { files, skipped, impossible } = await scanResults(folder)
  t.same(Object.fromEntries(files.map(({ name, size }) => [name, size])), {
    'a b+%#?.txt': 3,
    empty: 0,
    'Größe 😀': 4,
    'sub/folder/file': 4
  })
  t.same(skipped, [])
  t.equal(impossible.size, 0)
})

await t.test('what is no plain file is skipped and never followed', async (t) => {
  const folder = t.testdir({
    outside: { secret: 'x' },
    results: {
      file: 'x',
      link: t.fixture('symlink', '../outside/secret'),
      links: t.fixture('symlink', '../outside'),
      dead: t.fixture('symlink', 'nowhere')
    }
  })
  execFileSync('mkfifo', [join(folder, 'results', 'pipe')])
  const { files, skipped } = await scanResults(join(folder, 'results'))
  t.same(files.map(({ name }) => name), ['file'])
  t.same(skipped.sort(), ['dead', 'link', 'links', 'pipe'])
})

await t.test('a name that is not valid UTF-8 cannot be a result', async (t) => {
  const folder = t.testdir({ good: 'x' })
  writeFileSync(Buffer.concat([Buffer.from(folder + '/bad-'), Buffer.from([0xff])]), 'x')
  const { files, impossible } = await scanResults(folder)
  t.same(files.map(({ name }) => name), ['good'])
  t.match([...impossible.values()], ['its name is not valid UTF-8'])
})

await t.test('a folder that is not there yet has no results', async (t) => {
  const { files, impossible } = await scanResults(join(t.testdir({}), 'later'))
  t.same(files, [])
  t.equal(impossible.size, 0)
})

for (
  const [what, change] of Object.entries<(path: string) => void>({
    longer: (path) => appendFileSync(path, 'x'),
    'rewritten with its old time put back': (path) => {
      writeFileSync(path, 'ONE')
      utimesSync(path, 1, 1)
    },
    'replaced by a file of the same size and time': (path) => {
      writeFileSync(path + '2', 'ONE')
      utimesSync(path + '2', 1, 1)
      renameSync(path + '2', path)
    },
    'replaced by a symbolic link': (path) => {
      renameSync(path, path + '2')
      execFileSync('ln', ['-s', path + '2', path])
    },
    'replaced by a folder': (path) => {
      renameSync(path, path + '2')
      mkdirSync(path)
    },
    gone: (path) => renameSync(path, path + '2')
  })
) {
  await t.test(`a file that is ${what} is not opened as what was found`, async (t) => {
    const path = join(t.testdir({ file: 'one' }), 'file')
    utimesSync(path, 1, 1)
    const find = async () => (await scanResults(join(path, '..'))).files.find(({ name }) => name === 'file')
    const found = (await find())!
    const handle = await openResult(found)
    t.ok(handle, 'before')
    await handle?.close()
    change(path)
    t.equal(await openResult(found), undefined, 'after')
    t.not((await find())?.identity, found.identity)
  })
}
