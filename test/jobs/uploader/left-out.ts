import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { byName } from '../../../shared/results/result-entry.ts'
import { resultFolder, writeResult } from '../../support/result-folder.ts'
import { runUploader } from '../../support/run-uploader.ts'
import { uploadServer } from '../../support/upload-server.ts'

type Server = Awaited<ReturnType<typeof uploadServer>>

/** What is published, as text. */
async function results (server: Server): Promise<Record<string, string>> {
  return Object.fromEntries(Object.entries(await server.published()).map(([name, body]) => [name, body.toString()]))
}

/** The reasons of what is left out, by name. */
async function reasons (server: Server): Promise<Record<string, string>> {
  const { left_out: leftOut = [] } = await server.manifest() ?? {}
  return Object.fromEntries(leftOut.sort(byName).map(({ name, reason }) => [name, reason]))
}

/** Root reads everything, so then the uploader runs as another user. */
const asUser = 'if (process.getuid() === 0) { process.setgroups([]); process.setgid(65532); process.setuid(65532) }'

/** A result folder that any user can reach. */
function openFolder (t: Test): string {
  const above = mkdtempSync(join(tmpdir(), 'gx4ki-test-'))
  t.teardown(() => rmSync(above, { recursive: true, force: true }))
  chmodSync(above, 0o777)
  mkdirSync(join(above, 'results'))
  return join(above, 'results')
}

await t.test('files under dot-names come up at the end', async (t) => {
  const server = await uploadServer(t)
  const folder = resultFolder(t, {
    'run.zarr/.zgroup': '{"zarr_format": 2}',
    'run.zarr/speed/.zarray': '{"chunks": [1]}',
    'run.zarr/speed/0': 'chunk',
    '.hidden/.deep/file': 'x'
  })
  const uploader = await runUploader(t, { ...server, folder })
  await uploader.said('stored: "run.zarr/speed/0"')
  t.equal((await server.contents()).length, 1, 'not before')
  t.equal(await uploader.end(), 0)
  t.same(await results(server), {
    '.hidden/.deep/file': 'x',
    'run.zarr/.zgroup': '{"zarr_format": 2}',
    'run.zarr/speed/.zarray': '{"chunks": [1]}',
    'run.zarr/speed/0': 'chunk'
  })
  t.match(await server.manifest(), { files: 4, complete: true, left_out: [] })
})

await t.test('a link to a file within the folder becomes that file; any other is named, and the job succeeds', async (t) => {
  const server = await uploadServer(t)
  const folder = resultFolder(t, { 'out/real.csv': '1,2', 'out/sub/x': 'x' })
  symlinkSync('out/real.csv', join(folder, 'latest.csv'))
  symlinkSync('latest.csv', join(folder, 'very latest.csv'))
  symlinkSync('../token', join(folder, 'token of the job'))
  symlinkSync('/etc/passwd', join(folder, 'users'))
  symlinkSync('out', join(folder, 'folder'))
  symlinkSync('..', join(folder, 'above'))
  symlinkSync('no such file', join(folder, 'broken'))
  symlinkSync('loop 2', join(folder, 'loop 1'))
  symlinkSync('loop 1', join(folder, 'loop 2'))
  execFileSync('mkfifo', [join(folder, 'pipe')])
  // A path of its own would be too long for a socket.
  execFileSync('python3', ['-c', 'import socket; socket.socket(socket.AF_UNIX).bind("socket")'], { cwd: folder })
  const uploader = await runUploader(t, { ...server, folder })
  t.equal(await uploader.end(), 0)
  t.match(uploader.output(), 'all is up')

  t.same(await results(server), {
    'latest.csv': '1,2',
    'out/real.csv': '1,2',
    'out/sub/x': 'x',
    'very latest.csv': '1,2'
  })
  t.equal((await server.contents()).length, 2, 'equal contents are stored once')
  t.match(await server.manifest(), { files: 4, complete: true, left_out_count: 9 })
  const out = 'it is a symbolic link out of the result folder'
  const nowhere = 'it is a symbolic link that leads nowhere'
  t.same(await reasons(server), {
    above: out,
    broken: nowhere,
    folder: 'it is a symbolic link to a folder; its files are there under their own names',
    'loop 1': nowhere,
    'loop 2': nowhere,
    pipe: 'it is a socket, a pipe or a device',
    socket: 'it is a socket, a pipe or a device',
    'token of the job': out,
    users: out
  })
})

await t.test('files whose names cannot be those of results fail the job, each named; all others come up', async (t) => {
  const server = await uploadServer(t)
  const folder = resultFolder(t, { a: 'a', z: 'z' })
  const bytes = (name: string): Buffer => Buffer.concat([Buffer.from(folder + '/'), Buffer.from(name, 'latin1')])
  writeFileSync(bytes('new\nline'), 'x')
  writeFileSync(bytes('not \xff UTF-8'), 'x')
  writeFileSync(bytes('back\\slash'), 'x')
  const longest = [...Array.from({ length: 3 }, () => 'd'.repeat(250)), 'e'.repeat(147)].join('/')
  writeResult(folder, longest, 'of 900 bytes')
  writeResult(folder, longest + '1', 'of 901 bytes')
  writeResult(folder, longest + '2', 'of 901 bytes')
  const uploader = await runUploader(t, { ...server, folder })
  await uploader.said('stored: "a"')
  t.equal(await uploader.end(), 1)
  t.notMatch(uploader.output(), ': all is up')

  t.same(await results(server), { a: 'a', [longest]: 'of 900 bytes', z: 'z' })
  t.match(await server.manifest(), { files: 3, complete: false, left_out_count: 5 })
  const named = await reasons(server)
  const long = Object.keys(named).filter((name) => name.startsWith('ddd'))
  t.equal(long.length, 2)
  t.same(named, {
    'back\\slash': 'its name must not contain \\',
    [long[0]!]: 'its name must not be longer than 900 bytes',
    [long[1]!]: 'its name must not be longer than 900 bytes',
    'new\\x0aline': 'its name must not contain control characters',
    'not \\xff UTF-8': 'its name is not valid UTF-8'
  })
})

await t.test('more such files than fit into a message are counted', async (t) => {
  const server = await uploadServer(t)
  const folder = resultFolder(t, { a: 'a' })
  for (let at = 0; at < 1100; at++) writeResult(folder, `line\n${at}`, '')
  const uploader = await runUploader(t, { ...server, folder })
  t.equal(await uploader.end(), 1)
  const { left_out: leftOut, ...counts } = (await server.manifest())!
  t.match(counts, { files: 1, complete: false, left_out_count: 1100 })
  t.equal(leftOut.length, 1000)
})

await t.test('files that cannot be read fail the job, each named; all others come up', async (t) => {
  const server = await uploadServer(t)
  const folder = openFolder(t)
  writeResult(folder, 'open', 'x')
  writeResult(folder, 'secret', 'y')
  writeResult(folder, 'closed/z', 'z')
  chmodSync(join(folder, 'secret'), 0o000)
  chmodSync(join(folder, 'closed'), 0o000)
  const uploader = await runUploader(t, { ...server, folder, before: asUser })
  await uploader.said('stored: "open"')
  t.equal(await uploader.end(), 1)
  t.same(await results(server), { open: 'x' })
  t.match(await server.manifest(), { files: 1, complete: false, left_out_count: 2 })
  t.same(await reasons(server), { closed: 'it cannot be read: EACCES', secret: 'it cannot be read: EACCES' })
  t.match(uploader.output(), 'refused, it cannot be read: EACCES: "secret"')
})

await t.test('a file that could not be read early and can be read at the end is a result', async (t) => {
  const server = await uploadServer(t)
  const folder = openFolder(t)
  writeResult(folder, 'late', 'x')
  chmodSync(join(folder, 'late'), 0o000)
  const uploader = await runUploader(t, { ...server, folder, before: asUser })
  await uploader.said('refused, it cannot be read')
  chmodSync(join(folder, 'late'), 0o644)
  t.equal(await uploader.end(), 0)
  t.same(await results(server), { late: 'x' })
  t.match(await server.manifest(), { complete: true, left_out: [] })
})
