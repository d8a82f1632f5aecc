import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { extract } from 'tar-stream'
import t, { type Test } from 'tap'
import { type TestHost, testHost } from '../support/host.ts'
import { poll } from '../support/poll.ts'

type Files = Record<string, string | Buffer>

const onCluster = process.env['E2E_NODE_ADDRESS'] !== undefined
/** The local host runs workloads with the rights of this process, and root can read every file. */
const readsAll = !onCluster && process.getuid?.() === 0

const sha256 = (bytes: string | Buffer): string => createHash('sha256').update(bytes).digest('hex')
const inOrder = (names: string[]): string[] => names.map((name) => Buffer.from(name)).sort(Buffer.compare).map(String)

/** A workload in JavaScript, which runs in the result folder. */
const workload = (script: string): { template: string, env: { SCRIPT: string } } => ({
  template: 'node',
  env: { SCRIPT: `const fs = process.getBuiltinModule('fs'); process.chdir(process.env.RESULTS); ${script}` }
})

/** Keeps the process running until SIGTERM, which then runs the script. */
const atTheEnd = (script: string): string =>
  `const keep = setInterval(() => {}, 1000); process.once('SIGTERM', () => { clearInterval(keep); ${script} });`

/** Checks that the list, all its pages, and the archive have exactly these files with these bytes. */
async function hasExactly (
  t: Test,
  host: TestHost,
  id: string,
  files: Files
): Promise<void> {
  const names = inOrder(Object.keys(files))
  const expected = names.map((name) => [name, Buffer.byteLength(files[name]!), sha256(files[name]!)])
  const list = await host.list(id, 50)
  t.strictSame(list.files.map(({ name, size, sha256 }) => [name, size, sha256]), expected, 'the list')
  const archive = await fetch(`${host.url}/job/${id}/result/archive`)
  const archived: unknown[][] = []
  for await (const entry of Readable.fromWeb(archive.body!).pipe(extract())) {
    const bytes = await buffer(entry)
    archived.push([entry.header.name, bytes.length, sha256(bytes)])
  }
  t.strictSame(archived, expected, 'the archive')
  t.match((await host.job(id)).results, {
    files: names.length,
    bytes: expected.reduce((sum, [, size]) => sum + Number(size), 0)
  }, 'the counts')
}

await t.test('every byte of a result, or the name of what is missing and why', async (t) => {
  const host = await testHost(t)

  await t.test('list and archive have every file, also of a folder and of files that begin with its name', async (t) => {
    const numbers = Array.from({ length: 120 }, (_, at) => String(at).padStart(6, '0'))
    const id = await host.deploy(workload(`
      fs.mkdirSync('frame')
      for (let at = 0; at < 120; at++) {
        const number = String(at).padStart(6, '0')
        fs.writeFileSync('frame-' + number + '.png', 'image ' + number)
        fs.writeFileSync('frame/' + number + '.txt', 'text ' + number)
      }`))
    t.match(await host.reaches(id, 'succeeded', 'failed'), { state: 'succeeded', results: { complete: true } })
    await hasExactly(t, host, id, Object.fromEntries(numbers.flatMap((number) => [
      [`frame-${number}.png`, `image ${number}`],
      [`frame/${number}.txt`, `text ${number}`]
    ])))
    t.equal(await (await host.result(id, 'frame/000119.txt')).text(), 'text 000119')
  })

  await t.test('a burst of 3,000 small files right before the end', async (t) => {
    const id = await host.deploy(workload(`
      for (let folder = 0; folder < 30; folder++) {
        fs.mkdirSync('burst/' + folder, { recursive: true })
        for (let at = 0; at < 100; at++) fs.writeFileSync('burst/' + folder + '/' + at, folder + ' ' + at + ' '.repeat(900))
      }`))
    const job = await poll('the job has ended', async () => {
      const now = await host.job(id)
      return ['succeeded', 'failed'].includes(now.state) && now
    }, onCluster ? 240 : 90)
    t.match(job, { state: 'succeeded', results: { files: 3000, complete: true } })
    await hasExactly(t, host, id, Object.fromEntries(Array.from({ length: 3000 }, (_, at) => {
      const [folder, file] = [Math.floor(at / 100), at % 100]
      return [`burst/${folder}/${file}`, `${folder} ${file}${' '.repeat(900)}`]
    })))
  })

  await t.test('files under dot-names and links to files are results; links elsewhere and sockets are named', async (t) => {
    const id = await host.deploy(workload(`
      fs.mkdirSync('store.zarr/.hidden', { recursive: true })
      fs.writeFileSync('store.zarr/.zgroup', '{"zarr_format": 2}')
      fs.writeFileSync('store.zarr/.hidden/inner', 'inner')
      fs.writeFileSync('real.csv', 'a;b')
      fs.symlinkSync('real.csv', 'latest.csv')
      fs.symlinkSync('store.zarr', 'same.zarr')
      fs.symlinkSync('/etc/passwd', 'outside')
      fs.symlinkSync('nothing', 'broken')
      process.getBuiltinModule('net').createServer().listen('socket', () => process.exit())`))
    const job = await host.reaches(id, 'succeeded', 'failed')
    t.match(job, { state: 'succeeded', reason: null, message: null, results: { complete: true, left_out_count: 4 } })
    await hasExactly(t, host, id, {
      'latest.csv': 'a;b',
      'real.csv': 'a;b',
      'store.zarr/.hidden/inner': 'inner',
      'store.zarr/.zgroup': '{"zarr_format": 2}'
    })
    const leftOut = Object.fromEntries(job.results!.left_out.map(({ name, reason }) => [name, reason]))
    t.strictSame(Object.keys(leftOut).sort(), ['broken', 'outside', 'same.zarr', 'socket'])
    t.match(leftOut, { broken: /link/, outside: /link out of/, 'same.zarr': /link to a folder/, socket: /socket/ })
    t.match(await host.list(id), { left_out: job.results!.left_out, left_out_count: 4 }, 'the list names them too')
  })

  await t.test('a file that cannot be a result fails the job and is named with the reason; the others are kept', async (t) => {
    const long = Array.from({ length: 5 }, (_, at) => String(at).repeat(200)).join('/')
    const id = await host.deploy(workload(`
      fs.writeFileSync('good.txt', 'good')
      fs.writeFileSync('new\\nline.txt', 'lost')
      fs.writeFileSync(Buffer.from('latin-\\xfc.txt', 'latin1'), 'lost')
      fs.mkdirSync(${JSON.stringify(long)}, { recursive: true })
      fs.writeFileSync(${JSON.stringify(`${long}/file`)}, 'lost')
      fs.writeFileSync('locked.txt', ${readsAll ? '"readable", { mode: 0o600 }' : '"lost", { mode: 0 }'})`))
    const job = await host.reaches(id, 'succeeded', 'failed')
    const kept: Files = { 'good.txt': 'good', ...(readsAll && { 'locked.txt': 'readable' }) }
    const names = [`${'0'.repeat(200)}/`, 'latin-', 'new', ...(readsAll ? [] : ['locked'])]
    t.match(job, {
      state: 'failed',
      reason: 'ResultsIncomplete',
      message: /^Not all files could be stored: .+ and \d more/,
      exit_code: 0,
      results: { complete: false, left_out_count: names.length }
    })
    await hasExactly(t, host, id, kept)
    const leftOut = job.results!.left_out
    t.match(leftOut.find(({ name }) => name.startsWith('new')), { name: 'new\\x0aline.txt', reason: /control characters/ })
    t.match(leftOut.find(({ name }) => name.startsWith('latin')), { name: 'latin-\\xfc.txt', reason: /UTF-8/ })
    t.match(leftOut.find(({ name }) => name.startsWith('000')), { reason: /longer than 900 bytes/ })
    if (!readsAll) t.match(leftOut.find(({ name }) => name === 'locked.txt'), { reason: /cannot be read/ })
    t.match(await host.list(id), { left_out: leftOut, left_out_count: names.length }, 'the list names them too')
  })

  await t.test('results are counted while the job runs, and the bytes at the end count', async (t) => {
    const id = await host.deploy(workload(`
      fs.writeFileSync('grid.bin', Buffer.alloc(200_000, 'early'))
      fs.utimesSync('grid.bin', 1e9, 1e9)
      fs.mkdirSync('out')
      fs.writeFileSync('out/b.txt', 'in a folder')
      fs.writeFileSync('file', 'no folder')
      fs.writeFileSync('gone.txt', 'gone')
      let count = 0
      const more = setInterval(() => fs.writeFileSync('count-' + count, String(count++)), 500)
      ${atTheEnd(`
        clearInterval(more)
        const grid = fs.openSync('grid.bin', 'r+')
        fs.writeSync(grid, 'late!', 100_000)
        fs.closeSync(grid)
        fs.utimesSync('grid.bin', 1e9, 1e9)
        fs.rmSync('out', { recursive: true })
        fs.writeFileSync('out', 'a file')
        fs.rmSync('file')
        fs.mkdirSync('file')
        fs.writeFileSync('file/c.txt', 'in a folder')
        fs.rmSync('gone.txt')
        for (const name of fs.readdirSync('.')) if (name.startsWith('count-')) fs.rmSync(name)
        process.exit()`)}`))
    const early = Buffer.alloc(200_000, 'early')
    const first = await poll('the first files are stored', async () => {
      const { state, results } = await host.job(id)
      return state === 'running' && (results?.files ?? 0) >= 4 && results
    })
    t.match(first, { complete: false, left_out: [] })
    t.match((await host.results(id)).find(({ name }) => name === 'grid.bin'), { sha256: sha256(early) })
    t.ok((await host.results(id)).some(({ name }) => name === 'out/b.txt'))
    await poll('more files are stored', async () => (await host.job(id)).results!.files > first!.files)
    await host.cancel(id)
    t.match(await host.reaches(id, 'canceled', 'failed', 'succeeded'), { state: 'canceled', results: { complete: true } })
    const late = Buffer.from(early)
    late.write('late!', 100_000)
    await hasExactly(t, host, id, { 'file/c.txt': 'in a folder', 'grid.bin': late, out: 'a file' })
  })

  await t.test('the last bytes that were written through a mapping count', {
    skip: onCluster && 'no image of the cluster has a program that can map files'
  }, async (t) => {
    const python = `
import mmap, os, signal
maps = []
for name, size in (("small.bin", 1 << 15), ("large.bin", 1 << 20)):
    with open(name, "wb") as file:
        file.truncate(size)
    maps.append(mmap.mmap(os.open(name, os.O_RDWR), size))
    maps[-1][:5] = b"early"
def end(*_):
    for each in maps:
        each[:5] = b"late!"
    os._exit(0)
signal.signal(signal.SIGTERM, end)
while True:
    signal.pause()`
    const id = await host.deploy({ env: { SCRIPT: `exec python3 -c '${python}'` } })
    const ofSizes = (word: string): Files => Object.fromEntries(
      Object.entries({ 'large.bin': 2 ** 20, 'small.bin': 2 ** 15 }).map(([name, size]) => {
        const bytes = Buffer.alloc(size)
        bytes.write(word)
        return [name, bytes]
      })
    )
    const early = Object.values(ofSizes('early')).map(sha256)
    await poll('the early bytes are stored', async () => {
      const digests = (await host.results(id)).map(({ sha256 }) => sha256)
      return digests.length === 2 && early.every((one) => digests.includes(one))
    })
    await host.cancel(id)
    t.match(await host.reaches(id, 'canceled', 'failed', 'succeeded'), { state: 'canceled', results: { complete: true } })
    await hasExactly(t, host, id, ofSizes('late!'))
  })

  await t.test('a job without files succeeds', async (t) => {
    const id = await host.deploy(workload("fs.mkdirSync('empty/folder', { recursive: true })"))
    t.match(await host.reaches(id, 'succeeded', 'failed'), { state: 'succeeded', results: { complete: true } })
    await hasExactly(t, host, id, {})
  })

  for (const [what, template, end] of [
    ['a canceled workload', 'stubborn', { state: 'canceled', reason: 'CancelRequested' }],
    ['a workload whose deadline is over', 'overdue-stubborn', { state: 'failed', reason: 'DeadlineExceeded' }]
  ] as const) {
    await t.test(`the files of ${what} that ignores SIGTERM are kept as they were in the grace period`, async (t) => {
      const { env } = workload(`
        process.on('SIGTERM', () => {})
        fs.mkdirSync('done')
        fs.writeFileSync('done/whole.txt', 'whole')
        let line = 0
        setInterval(() => fs.appendFileSync('growing.txt', 'line ' + line++ + '\\n'), 50)
        console.log('ready')`)
      const id = await host.deploy({ template, env })
      await host.reaches(id, 'running')
      if (end.state === 'canceled') {
        const log = `${host.url}/job/${id}/log`
        await poll('the workload ignores SIGTERM', async () => await (await fetch(log)).text() === 'ready\n')
        await host.cancel(id)
      }
      const job = await host.reaches(id, 'canceled', 'failed', 'succeeded')
      t.match(job, {
        ...end,
        results: { files: 2, complete: false, left_out: [{ name: 'growing.txt', reason: /wrote on/ }], left_out_count: 1 }
      })
      const growing = await (await host.result(id, 'growing.txt')).text()
      const lines = growing.split('\n')
      t.ok(lines.length > 1, `${lines.length} lines`)
      const written = lines.map((_, at) => `line ${at}`).join('\n')
      t.ok(growing.length > 0 && `${written}\n`.startsWith(growing), 'they are the first bytes of the file')
      await hasExactly(t, host, id, { 'done/whole.txt': 'whole', 'growing.txt': growing })
    })
  }

  await t.test('a template whose results cannot be collected whole is refused in plain words', async (t) => {
    const reason = /^spec\.completions is 3: the results of a job come from one pod/
    const { refused } = await (await fetch(`${host.url}/template`)).json() as { refused: { file: string, reason: string }[] }
    t.match(refused, [{ file: 'three-pods.yaml', reason }])
    const response = await fetch(`${host.url}/job/deploy`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ template: 'three-pods' })
    })
    t.equal(response.status, 400)
    t.match(await response.json(), {
      type: 'urn:gx4ki:problem:unknown-template',
      detail: /spec\.completions is 3: the results of a job come from one pod/
    })
  })
})
