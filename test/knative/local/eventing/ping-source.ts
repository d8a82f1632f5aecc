import t from 'tap'
import { readManifests } from '../../../../knative/local/manifests.ts'
import { minutesOf, startPingSource, untilNext } from '../../../../knative/local/eventing/ping-source.ts'
import { httpServer } from '../../../support/http-server.ts'
import { poll } from '../../../support/poll.ts'

const manifest = readManifests('knative/base')['sources.knative.dev/v1/PingSource'][0]!

await t.test('a ping is the event in the manifest', async (t) => {
  const sink = await httpServer(t)
  const source = startPingSource(manifest, { sink: sink.url, log: t.comment })
  t.teardown(source.stop)
  await source.pingNow()
  t.match(sink.received, [{
    method: 'POST',
    headers: {
      'ce-specversion': '1.0',
      'ce-type': 'dev.knative.sources.ping',
      'ce-source': '/apis/v1/namespaces/gx4ki/pingsources/reconcile',
      'ce-id': /./,
      'content-type': 'application/json'
    }
  }])
  t.equal(sink.received[0]!.body.toString(), '{}')
})

await t.test('it sends pings until it is stopped, whatever the sink answers', async (t) => {
  const sink = await httpServer(t, (_, response) => response.writeHead(500).end())
  const lines: string[] = []
  const source = startPingSource(manifest, { sink: sink.url, everySeconds: 0.02, log: (line) => lines.push(line) })
  t.teardown(source.stop)
  await poll('three pings', () => sink.received.length >= 3)
  source.stop()
  t.equal(
    new Set(sink.received.map(({ headers }) => headers['ce-id'])).size,
    sink.received.length,
    'each ping is a new event'
  )
  t.match(lines[0], /lost a ping of reconcile/)
})

await t.test('it supports cron schedules in minutes and refuses all others', async (t) => {
  t.equal(minutesOf('* * * * *'), 1)
  t.equal(minutesOf('*/5 * * * *'), 5)
  for (const schedule of ['0 * * * *', '*/0 * * * *', '* * * *', '@hourly', '*/5 9 * * *', '']) {
    t.throws(() => minutesOf(schedule), { message: /supports only the schedules/ }, schedule)
  }
})

await t.test('it sends pings at full minutes that are multiples of the step within the hour', async (t) => {
  const at = (time: string, minutes: number) => untilNext(minutes, new Date(`2026-11-22T${time}`)) / 1000
  t.equal(at('12:00:00', 1), 60)
  t.equal(at('12:00:59.500', 1), 0.5)
  t.equal(at('12:03:30', 5), 90)
  t.equal(at('12:05:00', 5), 300)
  t.equal(at('12:57:00', 7), 180, 'after 56 comes 0')
})
