import t from 'tap'
import { advance } from '../../../shared/job/advance.ts'
import { newJobId } from '../../../shared/job/job-id.ts'
import type { JobRecord } from '../../../shared/job/job-record.ts'
import { isTerminal, type State, states } from '../../../shared/job/job-state.ts'
import { viewOf } from '../../../shared/job/job-view.ts'
import { tagsOf } from '../../../shared/job/lists/tags-of.ts'

const created = '2026-11-22T12:58:20.123Z'
const now = new Date('2026-11-22T13:00:00.456Z')

function recordIn (state: State, more: Partial<JobRecord> = {}): JobRecord {
  return {
    job_uuid: newJobId(new Date(created)),
    revision: 7,
    state,
    template: 'drive',
    env: { DURATION: '15' },
    created_at: created,
    start_by: '2026-11-22T13:08:20.123Z',
    retention_seconds: 7 * 24 * 3600,
    history: [{ state: 'accepted', at: created }],
    ...more
  }
}

await t.test('a job can change only to a later state', async (t) => {
  for (const from of states) {
    for (const to of states) {
      const before = recordIn(from)
      const after = advance(before, { state: to }, now)
      const isForward = !isTerminal(from) && states.indexOf(to) > states.indexOf(from)
      if (isForward) {
        t.match(after, { state: to, revision: 8 }, `${from} → ${to}`)
        t.same(after!.history.at(-1), { state: to, at: now.toISOString() })
      } else {
        t.equal(after, undefined, `${from} → ${to} changes nothing`)
      }
      t.same(before, recordIn(from, { job_uuid: before.job_uuid }), 'the given record is not modified')
    }
  }
})

await t.test('no observation changes a terminal record', async (t) => {
  for (const state of states.filter(isTerminal)) {
    const record = recordIn(state, { sealed_env: 'sealed' })
    for (
      const change of [
        { reason: 'Failed' },
        { reason: null },
        { exit_code: 0 },
        { attempt: 'pod' },
        { job_uid: 'uid' },
        { sealed_env: null },
        { started_at: created },
        { finished_at: created },
        { stop: { reason: 'CancelRequested', at: created } }
      ] as const
    ) t.equal(advance(record, change, now), undefined, `${state} ${JSON.stringify(change)}`)
  }
})

await t.test('a job gets its expires_at when it ends', async (t) => {
  for (const state of states) {
    const after = advance(
      recordIn('accepted'),
      { state, finished_at: '2026-11-22T12:59:00.000Z', attempt: 'pod' },
      now
    )!
    t.equal(after.expires_at, isTerminal(state) ? '2026-11-29T12:59:00.000Z' : undefined, state)
    t.equal(viewOf(after).expires_at, after.expires_at ?? null)
    t.equal(tagsOf(after)['expires'], after.expires_at)
  }
})

await t.test('a job whose end is noticed late is still kept for an hour', async (t) => {
  const record = recordIn('running', { created_at: '2026-10-22T12:58:20.123Z' })
  const after = advance(record, { state: 'lost', finished_at: '2026-10-22T12:59:00.000Z' }, now)
  t.equal(after!.expires_at, '2026-11-22T14:00:00.456Z')
})

await t.test('a late change of a job that has not ended adds its facts, but not its earlier state', async (t) => {
  const after = advance(recordIn('running'), { state: 'pending', attempt: 'pod', job_uid: 'uid' }, now)
  t.match(after, { state: 'running', attempt: 'pod', job_uid: 'uid', revision: 8 })
  t.equal(after!.history.length, 1)
})

await t.test('a change with no new facts makes no new revision', async (t) => {
  const record = recordIn('pending', {
    reason: 'Unschedulable',
    job_uid: 'uid',
    stop: { reason: 'CancelRequested', at: created }
  })
  t.equal(advance(record, {}, now), undefined)
  t.equal(
    advance(record, {
      state: 'pending',
      reason: 'Unschedulable',
      job_uid: 'uid',
      stop: { reason: 'CancelRequested', at: created }
    }, now),
    undefined
  )
  t.equal(
    advance(recordIn('pending'), { reason: null, sealed_env: null }, now),
    undefined,
    'null for an absent field changes nothing'
  )
})

await t.test('null removes a field', async (t) => {
  const after = advance(recordIn('accepted', { reason: 'Suspended', sealed_env: 'sealed' }), {
    state: 'pending',
    reason: null,
    sealed_env: null
  }, now)
  t.notOk('reason' in after!)
  t.notOk('sealed_env' in after!)
})

await t.test('the sealed values are removed when the job ends, in every terminal state', async (t) => {
  for (const state of states.filter(isTerminal)) {
    t.notOk('sealed_env' in advance(recordIn('accepted', { sealed_env: 'sealed' }), { state }, now)!)
  }
  t.ok('sealed_env' in advance(recordIn('accepted', { sealed_env: 'sealed' }), { state: 'running' }, now)!)
})

await t.test('the history of a job that ran has the state running, even if it was never observed', async (t) => {
  const cases: [JobRecord, string | undefined, [State, string][]][] = [
    [recordIn('pending'), '2026-11-22T12:58:26.000Z', [['accepted', created], ['running', '2026-11-22T12:58:26.000Z']]],
    // Kubernetes times are whole seconds: a start in the second of the creation must not lie before the creation.
    [recordIn('accepted'), '2026-11-22T12:58:20.000Z', [['accepted', created], ['running', created]]],
    [recordIn('pending'), undefined, [['accepted', created]]],
    [
      recordIn('running', { history: [{ state: 'accepted', at: created }, { state: 'running', at: created }] }),
      '2026-11-22T12:58:26.000Z',
      [['accepted', created], ['running', created]]
    ]
  ]
  for (const [record, startedAt, expected] of cases) {
    for (const end of ['succeeded', 'failed', 'canceled', 'lost'] as const) {
      const after = advance(record, { state: end, ...(startedAt && { started_at: startedAt }) }, now)
      t.same(
        after!.history.map(({ state, at }) => [state, at]),
        [...expected, [end, now.toISOString()]],
        `${record.state} → ${end}, started ${startedAt}`
      )
      t.equal(after!.revision, 8, 'one revision')
    }
  }
})

await t.test('a start that was observed with its state is recorded once', async (t) => {
  const after = advance(recordIn('pending'), { state: 'running', started_at: '2026-11-22T12:58:26.000Z' }, now)
  t.same(after!.history.map(({ state }) => state), ['accepted', 'running'])
})

await t.test('no time lies before the one that it follows, whatever the clocks say', async (t) => {
  const late = '2026-11-22T13:00:09.000Z'
  const record = recordIn('pending', { history: [{ state: 'accepted', at: created }, { state: 'pending', at: late }] })
  const before = '2026-11-22T12:58:20.000Z'
  for (const state of ['running', 'succeeded', 'lost'] as const) {
    const after = advance(record, { state, started_at: before, finished_at: before }, now)!
    t.match(after, { started_at: created, finished_at: created }, state)
    t.same(after.history.slice(2).map(({ at }) => at), state === 'running' ? [late] : [late, late], state)
  }
  const ran = recordIn('running', { started_at: '2026-11-22T12:59:00.500Z' })
  t.equal(advance(ran, { state: 'failed', finished_at: '2026-11-22T12:59:00.000Z' }, now)!.finished_at, ran.started_at)
  t.equal(advance(recordIn('running', { started_at: created }), { started_at: created }, now), undefined)
})

await t.test('changes in any order give a history that only goes forward', async (t) => {
  for (let round = 0; round < 200; round++) {
    let record = recordIn('accepted')
    const asked = Array.from({ length: 12 }, () => states[Math.floor(Math.random() * states.length)]!)
    for (const [step, state] of asked.entries()) {
      record = advance(record, { state, ...(Math.random() < 0.5 && { started_at: created }), exit_code: step }, now) ??
        record
    }
    const order = record.history.map(({ state }) => states.indexOf(state))
    t.same(order, [...new Set(order)].sort(), `each state at most once, in order, after ${asked}`)
    const times = record.history.map(({ at }) => at)
    t.same(times, times.toSorted(), 'the times are in order')
  }
})
