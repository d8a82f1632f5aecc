import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import t from 'tap'
import { KEPT_BYTES } from '../../../shared/kubernetes/end-of-log.ts'
import { kubeconfigFor } from '../../support/cluster-at.ts'
import { listen } from '../../support/listen.ts'

const PODS = 20

await t.test('the logs of many pods that end at once take little memory, and all are kept', async (t) => {
  const chunk = Buffer.alloc(2 ** 20, 'a line of 16 by\n')
  let [open, most, asked] = [0, 0, 0]
  const allOpen = Promise.withResolvers<void>()
  const server = await listen(t, createServer((_, response) => {
    most = Math.max(most, ++open)
    response.on('close', () => open--)
    if (most === PODS) allOpen.resolve()
    let left = KEPT_BYTES / chunk.length
    const more = (): void => {
      if (left-- > 0) response.write(chunk, more)
      else response.end()
    }
    // None of the many ends before all are there, however slow this machine is. The first log comes alone.
    const begin = ++asked === 1 ? undefined : Promise.race([allOpen.promise, sleep(10_000, undefined, { ref: false })])
    Promise.resolve(begin).then(more, t.error)
  }))
  const wanted = createHash('sha256').update(Buffer.alloc(KEPT_BYTES, chunk)).digest('hex')
  const digests: string[] = []
  const store = await listen(t, createServer((request, response) => {
    if (request.method === 'GET') {
      response.writeHead(404).end('<Error><Code>NoSuchKey</Code></Error>')
      return
    }
    const hash = createHash('sha256')
    request.on('data', (bytes: Buffer) => hash.update(bytes)).on('end', () => {
      digests.push(hash.digest('hex'))
      response.writeHead(200, { etag: '"e"' }).end()
    })
  }))
  const { stdout } = await promisify(execFile)(process.execPath, [
    'test/support/keep-many-logs.ts',
    kubeconfigFor(t, server),
    store,
    String(PODS)
  ])
  const { whole, grown } = JSON.parse(stdout) as { whole: number, grown: number }
  t.equal(whole, PODS)
  t.same(new Set(digests), new Set([wanted]))
  t.equal(digests.length, PODS + 1)
  t.equal(most, PODS, 'every log is asked for at once, before its pod may be deleted')
  t.ok(grown < 150, `${grown} MiB more than with one log`)
})
