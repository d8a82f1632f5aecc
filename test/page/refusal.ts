import t from 'tap'
import { isFinal, isOfType, refusalOf, unreachable } from '../../page/api/refusal.ts'
import { errorsByField } from '../../page/new-job/errors-by-field.ts'

const body = {
  type: 'urn:gx4ki:problem:invalid-request',
  title: 'The request is not valid',
  status: 400,
  detail: 'env.A must be <= 3',
  errors: [{ field: 'env.A', message: 'must be <= 3' }]
}
const refused = await refusalOf(Response.json(body, { status: 400, headers: { 'content-type': 'application/problem+json' } }))
t.strictSame(refused.problem, body)
t.equal(refused.message, 'env.A must be <= 3')
t.ok(isOfType(refused, 'invalid-request') && isFinal(refused))
t.strictSame(errorsByField(refused), body.errors)

const proxy = await refusalOf(new Response('<html>', { status: 502, headers: { 'retry-after': '7' } }))
t.match(proxy, { problem: { status: 502, title: 'The server has answered 502' }, retryAfter: 7 })
t.notOk(isFinal(proxy), 'another attempt may work')
t.strictSame(errorsByField(proxy), [])
t.match(await refusalOf(new Response('{', { status: 503, headers: { 'content-type': 'application/problem+json' } })), {
  problem: { status: 503 }
})

const offline = unreachable(new TypeError('fetch failed'))
t.match(offline, { problem: { status: 0, title: 'The server cannot be reached' }, cause: { message: 'fetch failed' } })
t.notOk(isFinal(offline))
t.notOk(isFinal(new Error('another error')))
