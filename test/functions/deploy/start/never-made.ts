import t from 'tap'
import { neverMade } from '../../../../functions/deploy/start/never-made.ts'
import { problem } from '../../../../shared/http/problem.ts'

const coded = (code: unknown, more: { cause?: unknown } = {}): Error => Object.assign(new Error('x', more), { code })
const within = (cause: unknown): Error => new Error('outer', { cause: new TypeError('fetch failed', { cause }) })

await t.test('an error without a connection means that nothing was sent, also as a nested cause', async (t) => {
  for (
    const code of ['NotMade', 'ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'NotConnected']
  ) {
    t.ok(neverMade(coded(code)), code)
    t.ok(neverMade(within(coded(code))), `${code} within`)
  }
  t.ok(
    neverMade(within(new AggregateError([coded('ECONNREFUSED'), coded('EHOSTUNREACH')]))),
    'no address was reachable'
  )
})

await t.test('after any other error the server may have received the request', async (t) => {
  for (
    const error of [
      new Error('x'),
      within(undefined),
      within('ECONNREFUSED'),
      coded('ECONNRESET'),
      coded('EPIPE'),
      coded('ETIMEDOUT'),
      coded('UND_ERR_SOCKET'),
      coded('UND_ERR_HEADERS_TIMEOUT'),
      coded(503),
      within(new AggregateError([coded('ECONNREFUSED'), coded('ECONNRESET')])),
      'ECONNREFUSED',
      undefined,
      null,
      problem('kubernetes-unavailable', 'interpreted already', { cause: coded('ECONNREFUSED') })
    ]
  ) t.notOk(neverMade(error), String(error))
})
