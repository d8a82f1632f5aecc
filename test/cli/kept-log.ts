import type { ServerResponse } from 'node:http'
import t from 'tap'
import { jobApi } from '../support/job-api.ts'
import { gx4kiAt } from '../support/run-gx4ki.ts'

/** Sends the begin of an answer, and cuts the connection before its end. */
function cutAfter (response: ServerResponse, text: string, headers: Record<string, string> = {}): void {
  response.writeHead(200, headers).write(text, () => setTimeout(() => response.destroy(), 50))
}

await t.test('a log that a job still writes is not continued after a cut: it is another one by then', async (t) => {
  const api = await jobApi(t)
  const { run } = gx4kiAt(t, api.url)
  for (const words of [['--tail', '3'], []]) {
    const tails = ['line 1\nline 2\n', 'line 4\nline 5\nline 6\n']
    api.instead = (_request, response) => {
      const tail = tails.shift()!
      if (tails.length === 1) cutAfter(response, tail)
      else response.end(tail)
      return true
    }
    t.match(await run(['logs', api.id, ...words]), {
      code: 1,
      stdout: 'line 1\nline 2\n',
      stderr: /^gx4ki: the log broke off: the connection was cut\n.*still writes it.*-f/
    })
  }
})

await t.test('a cut before the first byte is no reason to give up', async (t) => {
  const api = await jobApi(t)
  let asked = 0
  api.instead = (_request, response) => {
    if (++asked === 1) response.writeHead(200).flushHeaders()
    if (asked === 1) setTimeout(() => response.destroy(), 50)
    else response.end('line\n')
    return true
  }
  t.match(await gx4kiAt(t, api.url).run(['logs', api.id]), { code: 0, stdout: 'line\n', stderr: '' })
})

await t.test('a stored log goes on where it was cut, and is the same one', async (t) => {
  const api = await jobApi(t)
  const { run } = gx4kiAt(t, api.url)
  const asked: unknown[] = []
  const headers = { etag: '"1"' }
  api.instead = ({ headers: { range, 'if-match': match } }, response) => {
    asked.push([match, range])
    if (asked.length === 1) cutAfter(response, 'one\ntw', headers)
    else response.writeHead(206, headers).end('o\nthree\n')
    return true
  }
  t.match(await run(['logs', api.id]), { code: 0, stdout: 'one\ntwo\nthree\n', stderr: '' })
  t.strictSame(asked, [[undefined, undefined], ['"1"', 'bytes=6-']])

  asked.length = 0
  api.instead = ({ headers: { 'if-match': match } }, response) => {
    asked.push(match)
    if (asked.length === 1) cutAfter(response, 'one\ntw', headers)
    else response.writeHead(200, headers).end('one\ntwo\nthree\n')
    return true
  }
  t.match(await run(['logs', api.id, '--tail', '3']), { code: 0, stdout: 'one\ntwo\nthree\n', stderr: '' })
  t.strictSame(asked, [undefined, '"1"'])
})
