import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { httpServer } from '../support/http-server.ts'
import { answerProblem, jobApi, sha256 } from '../support/job-api.ts'
import { poll } from '../support/poll.ts'
import { gx4kiAt } from '../support/run-gx4ki.ts'

/** Several times what a socket buffers, so that a file is never sent at once. */
const LARGE = randomBytes(8_000_000)

function partsIn (folder: string): string[] {
  const parts = join(folder, '.gx4ki-parts')
  return existsSync(parts) ? readdirSync(parts) : []
}

await t.test('files get their names and their bytes, also equal, empty and nested ones', async (t) => {
  const same = Buffer.from('the same')
  const files = { empty: Buffer.alloc(0), 'a/b +%#?ü/c': same, copy: same, 'copy.part': Buffer.from('x'), '.dot': same }
  const api = await jobApi(t, files)
  const { run, folder } = gx4kiAt(t, api.url)
  const { code, stdout, stderr } = await run(['download', api.id])
  t.equal(code, 0, stderr)
  t.equal(stdout, '')
  t.match(stderr, /5 of 5 files/)
  for (const [name, bytes] of Object.entries(files)) t.strictSame(readFileSync(join(folder, api.id, name)), bytes, name)
  t.notOk(existsSync(join(folder, api.id, '.gx4ki-parts')), 'no part is left')

  const sent = api.received.length
  const again = await run(['download', api.id, '--json'])
  t.equal(again.code, 0)
  t.strictSame(JSON.parse(again.stdout).files.map(({ state }: { state: string }) => state), Array(5).fill('there'))
  t.equal(again.stderr, '', 'with --json, stderr has errors only')
  t.equal(api.received.length, sent + 2, 'the job and the list are asked for again, and no file')
})

await t.test('C6: a download that was killed continues, with the bytes that are missing', async (t) => {
  const api = await jobApi(t, { 'run.mcap': LARGE })
  const { run, start, folder } = gx4kiAt(t, api.url)
  api.instead = ({ url, headers }, response) => {
    if (!url.includes('/result?')) return false
    t.equal(headers.range, undefined, 'the first request is for the whole file')
    // Half of it, and then nothing, as long as the connection lives.
    response.writeHead(200, { 'content-length': LARGE.length }).write(LARGE.subarray(0, 5_000_000))
    return true
  }
  const first = start(['download', api.id])
  const part = join(folder, api.id, '.gx4ki-parts', `${sha256(LARGE)}.part`)
  await poll('half of the file is there', () => existsSync(part) && readFileSync(part).length === 5_000_000)
  first.child.kill('SIGKILL')
  await first.ended
  t.notOk(existsSync(join(folder, api.id, 'run.mcap')), 'the file has no name before it is whole')

  api.instead = () => false
  const { code, stderr } = await run(['download', api.id])
  t.equal(code, 0, stderr)
  t.strictSame(readFileSync(join(folder, api.id, 'run.mcap')), LARGE)
  const { headers } = api.received.findLast(({ url }) => url.includes('/result?'))!
  t.match(headers, { range: 'bytes=5000000-', 'if-range': `"${sha256(LARGE)}"`, 'if-match': `"${sha256(LARGE)}"` })
  t.notOk(existsSync(join(folder, api.id, '.gx4ki-parts')), 'no part is left')
})

await t.test('a connection that breaks is continued by the same process', async (t) => {
  const api = await jobApi(t, { 'run.mcap': LARGE })
  let breaks = 0
  api.instead = ({ url, headers }, response) => {
    if (!url.includes('/result?') || breaks === 3) return false
    breaks++
    const at = Number(/\d+/.exec(headers.range ?? '0')![0])
    const range = at === 0 ? {} : { 'content-range': `bytes ${at}-${LARGE.length - 1}/${LARGE.length}` }
    response.writeHead(at === 0 ? 200 : 206, { 'content-length': LARGE.length - at, ...range })
    response.write(LARGE.subarray(at, at + 2_000_000), () => response.destroy())
    return true
  }
  const { run, folder } = gx4kiAt(t, api.url)
  const { code, stderr } = await run(['download', api.id])
  t.equal(code, 0, stderr)
  t.equal(breaks, 3)
  t.strictSame(readFileSync(join(folder, api.id, 'run.mcap')), LARGE)
})

await t.test('wrong bytes of an earlier process, and a server without ranges, do no harm', async (t) => {
  const api = await jobApi(t, { 'run.mcap': LARGE })
  const { run, folder } = gx4kiAt(t, api.url)
  const begin = (bytes: Buffer): void => {
    mkdirSync(join(folder, api.id, '.gx4ki-parts'), { recursive: true })
    writeFileSync(join(folder, api.id, '.gx4ki-parts', `${sha256(LARGE)}.part`), bytes)
  }
  const kinds: Record<string, Buffer> = {
    'other bytes': randomBytes(1000),
    'too many': Buffer.concat([LARGE, LARGE]),
    'a right begin': LARGE.subarray(0, 1000),
    'all of them': LARGE
  }
  for (const ranges of [true, false]) {
    api.instead = (request) => {
      if (!ranges) delete request.headers['if-range']
      return false
    }
    for (const [what, bytes] of Object.entries(kinds)) {
      begin(bytes)
      const { code, stderr } = await run(['download', api.id, '-o', `${folder}/${api.id}/${what}-${ranges}`])
      t.equal(code, 0, stderr)
      t.strictSame(readFileSync(join(folder, api.id, `${what}-${ranges}`)), LARGE, `${what}, ranges: ${ranges}`)
    }
  }
})

await t.test('bytes that are not those of the list never get a name', async (t) => {
  const wrong: Record<string, Buffer> = {
    'other bytes': Buffer.from('no log'),
    'fewer bytes': Buffer.from('a lo'),
    'more bytes': Buffer.from('a log and more')
  }
  for (const [what, bytes] of Object.entries(wrong)) {
    const api = await jobApi(t, { 'a.log': Buffer.from('a log!'), 'b.log': Buffer.from('right') })
    api.instead = ({ url }, response) => {
      if (!url.includes('file=a.log')) return false
      // Without a length, so that the end of the body is the only sign of its end.
      response.writeHead(200).end(bytes)
      return true
    }
    const { run, folder } = gx4kiAt(t, api.url)
    const { code, stdout, stderr } = await run(['download', api.id, '--json'])
    t.equal(code, 7, `${what}: ${stderr}`)
    t.notOk(existsSync(join(folder, api.id, 'a.log')), what)
    t.equal(readFileSync(join(folder, api.id, 'b.log'), 'utf8'), 'right', 'the other file is there')
    t.match(JSON.parse(stdout).files, [{ name: 'a.log', state: 'failed', path: null }, { name: 'b.log', state: 'downloaded' }])
  }
})

await t.test('a file that a running job replaces is downloaded as it is now', async (t) => {
  const api = await jobApi(t, { 'a.log': Buffer.from('old') })
  api.state = 'running'
  const { run, folder } = gx4kiAt(t, api.url)
  const refused = await run(['download', api.id])
  t.equal(refused.code, 8, 'a job that has not ended is not downloaded by accident')
  t.match(refused.stderr, /--so-far/)

  api.instead = ({ url }) => {
    if (url.includes('/result?')) api.files.set('a.log', Buffer.from('new and longer'))
    return false
  }
  const { code, stderr } = await run(['download', api.id, '--so-far'])
  t.equal(code, 0, stderr)
  t.match(stderr, /"a\.log" has changed on the server/)
  t.equal(readFileSync(join(folder, api.id, 'a.log'), 'utf8'), 'new and longer')
  t.strictSame(partsIn(join(folder, api.id)), [])
})

await t.test('C11: a name that would lead elsewhere is refused, and the other files come', async (t) => {
  const hostile = ['../../x', '/etc/x', 'a/../../x', 'NUL', 'com1.txt', 'a/con', 'trailing.', 'a /b', 'C:x', 'a\\..\\x', 'a\nb', '',
    '.gx4ki-parts', '.GX4KI-parts/x']
  const api = await jobApi(t, { ...Object.fromEntries(hostile.map((name) => [name, Buffer.from('!')])), good: Buffer.from('good') })
  const { run, folder } = gx4kiAt(t, api.url)
  const { code, stdout } = await run(['download', api.id, '-d', 'into', '--json'])
  t.equal(code, 7)
  const failed = JSON.parse(stdout).files.filter(({ state }: { state: string }) => state === 'failed')
  t.strictSame(failed.map(({ name }: { name: string }) => name).sort(), hostile.toSorted())
  t.strictSame(readdirSync(join(folder, 'into')), ['good'])
  t.strictSame(readdirSync(folder), ['into'], 'nothing is beside the folder')
  t.notOk(api.received.some(({ url }) => url.includes('/result?') && !url.endsWith('file=good')), 'none of them is asked for')

  const named = await run(['download', api.id, 'NUL', '-o', 'nul.bin'])
  t.equal(named.code, 0, 'a name of the own makes it harmless')
  t.equal(readFileSync(join(folder, 'nul.bin'), 'utf8'), '!')
})

await t.test('names that this disk cannot have are said in words', async (t) => {
  const long = 'x'.repeat(256)
  const api = await jobApi(t, { [long]: Buffer.from('!'), a: Buffer.from('a'), 'a/b': Buffer.from('b'), ok: Buffer.from('ok') })
  const { run } = gx4kiAt(t, api.url)
  const { code, stderr } = await run(['download', api.id, '-d', 'into'])
  t.equal(code, 7)
  t.match(stderr, `${long}: its name is too long for this disk; with --output FILE it gets another one\n`)
  t.match(stderr, /^a(\/b)?: there is a (folder of this name|file of the name of its folder)/m)
  t.notMatch(stderr, /E[A-Z]{4}/)
})

await t.test('processes that download the same into a folder do not disturb each other', async (t) => {
  const big = Buffer.alloc(20_000_000, 'abc')
  const api = await jobApi(t, { big })
  const { start, folder } = gx4kiAt(t, api.url)
  const all = await Promise.all(['1', '2', '3'].map(async () => await start(['download', api.id, '-d', 'into']).ended))
  t.strictSame(all.map(({ code }) => code), [0, 0, 0], all.map(({ stderr }) => stderr).join(''))
  t.ok(readFileSync(join(folder, 'into/big')).equals(big))
  t.strictSame(readdirSync(join(folder, 'into')), ['big'])
})

await t.test('a link in the folder does not lead out of it, and other files are not replaced', async (t) => {
  const api = await jobApi(t, { 'link/x': Buffer.from('out'), mine: Buffer.from('theirs'), good: Buffer.from('good') })
  const { run, folder } = gx4kiAt(t, api.url)
  mkdirSync(join(folder, api.id))
  mkdirSync(join(folder, 'elsewhere'))
  symlinkSync('../elsewhere', join(folder, api.id, 'link'))
  writeFileSync(join(folder, api.id, 'mine'), 'mine')
  const { code, stderr } = await run(['download', api.id])
  t.equal(code, 7)
  t.match(stderr, /link\/x: a link in .* leads out of it/)
  t.match(stderr, /mine: another file of this name is there \(--force/)
  t.strictSame(readdirSync(join(folder, 'elsewhere')), [])
  t.equal(readFileSync(join(folder, api.id, 'mine'), 'utf8'), 'mine')
  t.equal(readlinkSync(join(folder, api.id, 'link')), '../elsewhere')

  await run(['download', api.id, 'mine', '--force'])
  t.equal(readFileSync(join(folder, api.id, 'mine'), 'utf8'), 'theirs')
})

await t.test('patterns select files', async (t) => {
  const api = await jobApi(t, { 'a.txt': Buffer.from('1'), 'b/a.txt': Buffer.from('2'), 'b/c/a.txt': Buffer.from('3') })
  const { run } = gx4kiAt(t, api.url)
  const names = async (...patterns: string[]): Promise<string[]> => {
    const { stdout } = await run(['download', api.id, ...patterns, '--json'])
    return JSON.parse(stdout).files.map(({ name }: { name: string }) => name)
  }
  t.strictSame(await names('*.txt'), ['a.txt'])
  t.strictSame(await names('**/a.txt', '*.txt'), ['a.txt', 'b/a.txt', 'b/c/a.txt'])
  t.match(await run(['download', api.id, '*.mcap']), { code: 3, stderr: /no result file for/ })
  t.match(await run(['download', api.id, '-o', 'x']), { code: 2, stderr: /--output is for one file, and 3 are selected/ })
})

await t.test('Ctrl-C keeps what is there', async (t) => {
  const api = await jobApi(t, { 'run.mcap': LARGE })
  api.instead = ({ url }, response) => {
    if (!url.includes('/result?')) return false
    response.writeHead(200, { 'content-length': LARGE.length }).write(LARGE.subarray(0, 1_000_000))
    return true
  }
  const { start, folder } = gx4kiAt(t, api.url)
  const running = start(['download', api.id])
  const part = join(folder, api.id, '.gx4ki-parts', `${sha256(LARGE)}.part`)
  await poll('a part is there', () => existsSync(part) && readFileSync(part).length === 1_000_000)
  running.child.kill('SIGINT')
  t.match(await running.ended, { code: 130, stderr: /the same command continues the download/ })
  t.equal(readFileSync(part).length, 1_000_000)
})

await t.test('the store gets no credential and no condition', async (t) => {
  const store = await httpServer(t, (_, response) => response.writeHead(200, { etag: '"another"' }).end('from the store'))
  const api = await jobApi(t, { 'a.log': Buffer.from('from the store') })
  api.instead = ({ url }, response) => {
    if (!url.includes('/result?')) return false
    response.writeHead(307, { location: `${store.url}/bucket/a?X-Amz-Signature=geheim` }).end()
    return true
  }
  const { run, folder } = gx4kiAt(t, api.url)
  const { code, stderr } = await run(['download', api.id, '-v'], { env: { GX4KI_TOKEN: 'top-secret' } })
  t.equal(code, 0, stderr)
  t.equal(readFileSync(join(folder, api.id, 'a.log'), 'utf8'), 'from the store')
  t.ok(api.received.every(({ headers }) => headers.authorization === 'Bearer top-secret'), 'the API gets it with each request')
  const [{ headers }] = store.received as [typeof store.received[0]]
  t.notOk('authorization' in headers || 'if-match' in headers)
  t.notMatch(stderr, /top-secret|geheim/, 'neither the token nor the signature is printed')
})

await t.test('a link of the store that has expired is asked for again, from where the file was', async (t) => {
  let links = 0
  const store = await httpServer(t, ({ url, headers }, response) => {
    if (url === '/1') {
      response.writeHead(200, { 'content-length': LARGE.length })
      response.write(LARGE.subarray(0, 3_000_000), () => response.destroy())
    } else {
      // A connection that breaks off may lose the last bytes that were sent.
      const from = Number(/^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1])
      t.ok(from > 0 && from <= 3_000_000, `from ${from}`)
      response.writeHead(206, { 'content-range': `bytes ${from}-${LARGE.length - 1}/${LARGE.length}` })
      response.end(LARGE.subarray(from))
    }
  })
  const api = await jobApi(t, { 'run.mcap': LARGE })
  api.instead = ({ url }, response) => {
    if (!url.includes('/result?')) return false
    response.writeHead(307, { location: `${store.url}/${++links}` }).end()
    return true
  }
  const { run, folder } = gx4kiAt(t, api.url)
  const { code, stderr } = await run(['download', api.id])
  t.equal(code, 0, stderr)
  t.strictSame(readFileSync(join(folder, api.id, 'run.mcap')), LARGE)
  t.equal(links, 2)
})

await t.test('a server that fails for good is reported with its words', async (t) => {
  const api = await jobApi(t, { a: Buffer.from('a') })
  api.instead = (_, response) => {
    answerProblem(response, 404, 'unknown-job')
    return true
  }
  const { run } = gx4kiAt(t, api.url)
  t.match(await run(['download', api.id]), { code: 3, stdout: '', stderr: /^gx4ki: detail of unknown-job\n/ })
})
