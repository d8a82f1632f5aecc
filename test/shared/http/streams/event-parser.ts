import t from 'tap'
import { eventParser } from '../../../../shared/http/streams/event-parser.ts'

const stream = [
  ': a ping\n\n',
  'id: 1\nevent: state\ndata: {"a":1}\n\n',
  'event: log\r\nid: 2\r\ndata: one\r\ndata:two\r\n\r\n',
  'data\n\n',
  'event: without data\n\n',
  'id: 3\ndata: a: b\n\n',
  'retry: 10\nunknown: x\ndata:  y\n\n'
].join('')
const events = [
  { id: '1', type: 'state', data: '{"a":1}' },
  { id: '2', type: 'log', data: 'one\ntwo' },
  { id: '2', type: 'message', data: '' },
  { id: '3', type: 'message', data: 'a: b' },
  { id: '3', type: 'message', data: ' y' }
]

t.strictSame(eventParser()(`\uFEFF${stream}`), events)

await t.test('the pieces in which the text comes do not matter', async (t) => {
  for (const step of [1, 2, 3, 7]) {
    const parse = eventParser()
    const found = []
    for (let at = 0; at < stream.length; at += step) found.push(...parse(stream.slice(at, at + step)))
    t.strictSame(found, events, String(step))
  }
})

t.strictSame(eventParser()('id: 1\ndata: half'), [], 'an event that was cut is none')
