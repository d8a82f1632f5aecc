import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import http from 'node:http'
import t from 'tap'
import { listen } from '../../support/listen.ts'
import { newRecord } from '../../support/new-record.ts'
import { storeSettingsOf } from '../../support/store-settings.ts'

const MIB = 2 ** 20
const SIZE = 64 * MIB

await t.test('eight large downloads at once take next to no memory', {
  skip: existsSync('/proc/self/status') ? false : 'the peak of a process is known on Linux only'
}, async (t) => {
  const record = newRecord({ state: 'succeeded', attempt: 'pod' })
  const entry = { name: 'drive.mcap', size: SIZE, sha256: 'a'.repeat(64) }
  const chunk = Buffer.alloc(MIB, 'drive')
  const endpoint = await listen(t, http.createServer((request, response) => {
    if (request.url!.includes('/state/')) response.writeHead(200, { etag: '"s"' }).end(JSON.stringify(record))
    else if (request.url!.includes('/uploads/')) {
      response.writeHead(200, { etag: '"m"' }).end(JSON.stringify({ at: 0, pages: ['drive.mcap'], entries: [entry] }))
    } else {
      response.writeHead(200, { etag: '"f"', 'content-length': SIZE })
      let left = SIZE / MIB
      const more = (): void => {
        if (left-- === 0) response.end()
        else response.write(chunk, more)
      }
      more()
    }
  }))
  const child = spawn(process.execPath, ['dist/result-fetch.cjs'], {
    env: { ...storeSettingsOf(endpoint), PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit']
  })
  t.teardown(() => child.kill('SIGKILL'))
  const [line] = await once(child.stdout, 'data') as [Buffer]
  const href = `${/http:\/\/[\d.:]+/.exec(String(line))![0]}/job/${record.job_uuid}/result?file=drive.mcap`
  const bytesOf = (word: string): number =>
    Number(new RegExp(`${word}:\\s+(\\d+)`).exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))![1]) * 1024

  /** The number of bytes, none of which is kept. */
  async function download (): Promise<number> {
    const [response] = await once(http.get(href), 'response') as [http.IncomingMessage]
    let bytes = 0
    for await (const part of response as AsyncIterable<Buffer>) bytes += part.length
    return bytes
  }
  t.equal(await download(), SIZE)
  const idle = bytesOf('VmRSS')
  t.same(await Promise.all(Array.from({ length: 8 }, download)), Array.from({ length: 8 }, () => SIZE))
  const grown = Math.round((bytesOf('VmHWM') - idle) / MIB)
  t.ok(grown < 40, `${grown} MiB more than before`)
  t.ok(bytesOf('VmHWM') < 150 * MIB, `${Math.round(bytesOf('VmHWM') / MIB)} MiB in all`)
})
