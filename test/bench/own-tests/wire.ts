import http from 'node:http'
import t from 'tap'
import { listen } from '../../support/listen.ts'
import { ask } from '../parts/ask.ts'
import { chainOf, countTo, type Seen, wireTo } from '../parts/wire.ts'

const seen = (began: number, ended: number, to: Seen['to'] = 'store'): Seen => ({ to, method: 'GET', path: '/', began, ended })

await t.test('a chain is of requests that each begin when the one before has ended', async (t) => {
  t.equal(chainOf([]), 0)
  t.equal(chainOf([seen(0, 1), seen(1, 2), seen(2, 3)]), 3)
  t.equal(chainOf([seen(0, 9), seen(1, 2), seen(3, 4)]), 2, 'a long one beside two short ones')
  t.equal(chainOf([seen(0, 5), seen(1, 4), seen(6, 7)]), 2)
})

await t.test('a wire counts requests and changes none', async (t) => {
  const server = http.createServer((request, response) => {
    response.writeHead(201, { 'x-host': request.headers.host }).end(request.url)
  })
  const target = await listen(t, server, '127.0.0.1')
  const record: Seen[] = []
  const wire = await wireTo({ after: (undo) => t.teardown(() => undo()) }, 'api', target, record)
  const { body, headers } = await ask(`${wire.url}/a?b=%20c`, 201, { method: 'POST', body: 'text' })
  t.equal(body.toString(), '/a?b=%20c')
  t.equal(headers['x-host'], new URL(wire.url).host, 'the Host that a signature covers')
  t.match(record, [{ to: 'api', method: 'POST', path: '/a?b=%20c' }])
  t.strictSame([countTo('api', record), countTo('store', record), wire.connections()], [1, 0, 1])
})
