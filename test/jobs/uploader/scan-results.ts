import { execFileSync } from 'node:child_process'
import { appendFileSync, mkdirSync, renameSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { openResult } from '../../../jobs/uploader/open-result.ts'
import { scanResults } from '../../../jobs/uploader/scan-results.ts'

const exact = { asItIs: false }

await t.test('plain files are found, also in sub-folders; dot-names only after the workload', async (t) => {
  const folder = t.testdir({
    'a b+%#?.txt': 'one',
    empty: '',
    'Größe 😀': 'four',
    '.half-written': 'five5',
    '.cache': { file: 'sixsix' },
    sub: { folder: { file: 'deep' }, '.zgroup': 'x', '..dots': 'x', nothing: {} }
  })
  const sizes = async (final: boolean): Promise<Record<string, number>> => {
    const { files, noFiles, impossible } = await scanResults(folder, { final })
    t.equal(noFiles.size + impossible.length, 0)
    return Object.fromEntries(files.map(({ name, size }) => [name, size]))
  }
  const plain = { 'a b+%#?.txt': 3, empty: 0, 'Größe 😀': 4, 'sub/folder/file': 4 }
  t.same(await sizes(false), plain)
  t.same(await sizes(true), {
    ...plain,
    '.half-written': 5,
    '.cache/file': 6,
    'sub/.zgroup': 1,
    'sub/..dots': 1
  })
})

await t.test('a link within the folder is the file to which it leads, after the workload', async (t) => {
  const folder = t.testdir({
    file: 'x',
    sub: { '.deep': 'xy', up: t.fixture('symlink', '../file') },
    link: t.fixture('symlink', 'file'),
    'link to a link': t.fixture('symlink', 'sub/up'),
    'link to a dot-file': t.fixture('symlink', 'sub/.deep')
  })
  symlinkSync(join(folder, 'file'), join(folder, 'absolute'))
  const { files, noFiles, impossible } = await scanResults(folder, { final: true })
  t.same(Object.fromEntries(files.map(({ name, size }) => [name, size])), {
    absolute: 1,
    file: 1,
    link: 1,
    'link to a dot-file': 2,
    'link to a link': 1,
    'sub/.deep': 2,
    'sub/up': 1
  })
  t.equal(noFiles.size + impossible.length, 0)
  for (const found of files) {
    const handle = await openResult(found, exact)
    t.ok(handle, found.name)
    await handle?.close()
  }
  t.same((await scanResults(folder, { final: false })).files.map(({ name }) => name), ['file'])
})

await t.test('what has no bytes of its own is named with the reason and never followed', async (t) => {
  const folder = t.testdir({
    outside: { secret: 'x' },
    'results-2': { file: 'x' },
    results: {
      file: 'x',
      sub: {},
      link: t.fixture('symlink', '../outside/secret'),
      sibling: t.fixture('symlink', '../results-2/file'),
      folder: t.fixture('symlink', '../outside'),
      inside: t.fixture('symlink', 'sub'),
      itself: t.fixture('symlink', '.'),
      dead: t.fixture('symlink', 'nowhere'),
      loop: t.fixture('symlink', 'loop'),
      device: t.fixture('symlink', '/dev/zero')
    }
  })
  execFileSync('mkfifo', [join(folder, 'results', 'pipe')])
  symlinkSync('pipe', join(folder, 'results', 'link to a pipe'))
  const { files, noFiles, impossible } = await scanResults(join(folder, 'results'), { final: true })
  t.same(files.map(({ name }) => name), ['file'])
  t.same(impossible, [])
  const out = 'it is a symbolic link out of the result folder'
  const nowhere = 'it is a symbolic link that leads nowhere'
  const toFolder = 'it is a symbolic link to a folder; its files are there under their own names'
  t.same(Object.fromEntries(noFiles), {
    link: out,
    sibling: out,
    folder: out,
    device: out,
    dead: nowhere,
    loop: nowhere,
    inside: toFolder,
    itself: toFolder,
    pipe: 'it is a socket, a pipe or a device',
    'link to a pipe': 'it is no regular file'
  })
})

await t.test('a result folder that is itself behind a link is searched', async (t) => {
  const folder = t.testdir({ real: { file: 'x', link: t.fixture('symlink', 'file') }, results: t.fixture('symlink', 'real') })
  const { files, noFiles } = await scanResults(join(folder, 'results'), { final: true })
  t.same(files.map(({ name }) => name).sort(), ['file', 'link'])
  t.equal(noFiles.size, 0)
  for (const found of files) {
    const handle = await openResult(found, exact)
    t.ok(handle)
    await handle?.close()
  }
})

await t.test('names that cannot be those of results are named, printable, with the reason', async (t) => {
  const folder = t.testdir({ good: 'x', sub: {} })
  const bytes = (name: string | Buffer): Buffer => Buffer.concat([Buffer.from(folder + '/'), Buffer.from(name)])
  writeFileSync(bytes(Buffer.from('not-\xff', 'latin1')), 'x')
  writeFileSync(bytes('sub/new\nline'), 'x')
  writeFileSync(bytes('back\\slash'), 'x')
  writeFileSync(bytes('not-\\xff'), 'x')
  const deep = Array.from({ length: 4 }, () => 'd'.repeat(250)).join('/')
  mkdirSync(join(folder, deep), { recursive: true })
  const other = `${'d'.repeat(250)}/${'d'.repeat(250)}/${'d'.repeat(249)}x/${'d'.repeat(250)}`
  mkdirSync(join(folder, other), { recursive: true })
  mkdirSync(bytes(Buffer.from('folder-\xff', 'latin1')))
  for (const final of [false, true]) {
    const { files, noFiles, impossible } = await scanResults(folder, { final })
    t.same(files.map(({ name }) => name), ['good'])
    t.equal(noFiles.size, 0)
    const long = impossible.filter(({ name }) => name.startsWith('dd'))
    t.same(long.map(({ reason }) => reason), Array(2).fill('its name must not be longer than 900 bytes'))
    t.equal(long[0]!.name, long[1]!.name, 'two names may be shown alike')
    const others = impossible.filter((one) => !long.includes(one))
    t.equal(others.length, 5)
    t.same(Object.fromEntries(others.map(({ name, reason }) => [name, reason])), {
      'not-\\xff': 'its name is not valid UTF-8',
      'folder-\\xff': 'its name is not valid UTF-8',
      'sub/new\\x0aline': 'its name must not contain control characters',
      'back\\slash': 'its name must not contain \\'
    })
  }
})

await t.test('a folder that is not there yet has no results', async (t) => {
  const { files, impossible } = await scanResults(join(t.testdir({}), 'later'), { final: true })
  t.same(files, [])
  t.equal(impossible.length, 0)
})

await t.test('more entries than are looked at together are all found', async (t) => {
  const names = Array.from({ length: 300 }, (_, at) => `f${at}`)
  const folder = t.testdir(Object.fromEntries(names.map((name) => [name, 'x'])))
  t.same((await scanResults(folder, { final: false })).files.map(({ name }) => name).sort(), names.sort())
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
    const find = async () =>
      (await scanResults(join(path, '..'), { final: false })).files.find(({ name }) => name === 'file')
    const found = (await find())!
    const handle = await openResult(found, exact)
    t.ok(handle, 'before')
    await handle?.close()
    change(path)
    t.equal(await openResult(found, exact), undefined, 'after')
    t.not((await find())?.identity, found.identity)
  })
}
