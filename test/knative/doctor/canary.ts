import t from 'tap'
import { canaryRows } from '../../../knative/doctor/in-cluster/judge-canary.ts'
import { untilAfterPing } from '../../../knative/doctor/in-cluster/run-canary.ts'
import { viewOf } from '../../../shared/job/job-view.ts'
import { newRecord } from '../../support/new-record.ts'

const at = (time: string): string => `2026-01-01T00:${time}Z`

/** A job that ran from :20 to :30. The arguments are the times at which the record got the start and the end. */
function job (started: string, ended: string, more: object = {}) {
  return viewOf(newRecord({
    state: 'succeeded',
    started_at: at('00:20.000'),
    finished_at: at('00:30.000'),
    expires_at: at('59:00.000'),
    history: [{ state: 'running', at: at(started) }, { state: 'succeeded', at: at(ended) }],
    ...more
  }))
}

await t.test('a canary that succeeds promptly, with correct results', async (t) => {
  const rows = canaryRows(job('00:20.700', '00:30.900'), [{ name: 'a', right: true }])
  t.match(rows, [
    { check: 'canary: job', verdict: 'works', seen: /it is kept until 2026-01-01T00:59/ },
    { check: 'canary: events', verdict: 'works', seen: 'the end was recorded 0.9 s later' },
    { check: 'canary: results', verdict: 'works', seen: '1 match the recorded sha256' }
  ])
})

await t.test('events arrive if the start or the end was recorded promptly without a ping in between', async (t) => {
  const events = (started: string, ended: string, more?: object): string =>
    canaryRows(job(started, ended, more), [])[1]!.verdict + ': ' + canaryRows(job(started, ended, more), [])[1]!.seen
  t.match(events('00:20.000', '01:01.000'), /^degraded: only the ping reported its end, 31\.0 s later/)
  t.match(events('01:00.500', '01:00.600'), /^degraded: only the ping/, 'the ping reported both')
  const history = [{ state: 'pending', at: at('00:20.700') }, { state: 'running', at: at('00:20.700') }, {
    state: 'succeeded',
    at: at('01:01.000')
  }]
  t.match(events('', '', { history }), /^degraded: only the ping/, 'the start was recorded with the end')
  t.match(events('00:20.000', '00:30.100'), /^works/)
  t.match(events('00:20.600', '01:01.000'), /^works/, 'an event reported the start')
  const late = { started_at: at('00:56.000'), finished_at: at('00:58.000') }
  t.match(events('00:56.000', '01:01.000', late), /^degraded: .*just when a ping was due/)
  t.match(events('00:56.900', '01:01.000', late), /^works/)
})

await t.test('a canary that did not succeed is reported with its reason and a remedy', async (t) => {
  const rows = (more: object) => canaryRows(job('00:20.700', '00:30.900', more), [])
  t.match(rows({ state: 'failed', reason: 'ResultsIncomplete' }), [{
    verdict: 'broken',
    seen: /failed, ResultsIncomplete/,
    mend: /result-upload/
  }, { check: 'canary: events' }])
  t.match(rows({ state: 'pending', reason: 'ImagePullBackOff' }), [{
    verdict: 'broken',
    seen: /pending, ImagePullBackOff/,
    mend: /kubectl get events/
  }])
  t.equal(rows({ state: 'pending', reason: 'ImagePullBackOff' }).length, 1)
  t.match(rows({ state: 'running' }), [{ verdict: 'degraded', mend: /CANARY=/ }])
  t.match(canaryRows(job('00:20.700', '00:30.900'), [{ name: 'a', right: true }, { name: 'b', right: false }])[2], {
    verdict: 'broken',
    seen: /: b$/
  })
})

await t.test('the canary starts well after a ping and well before the next ping', async (t) => {
  for (const second of [0, 5, 9.9, 10, 15, 16, 25, 40, 59.9]) {
    const now = new Date(second * 1000)
    const begins = (now.getTime() + untilAfterPing(now)) % 60_000
    t.ok(begins >= 10_000 && begins <= 15_000, `from second ${second}`)
  }
})
