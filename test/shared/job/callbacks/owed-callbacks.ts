import t from 'tap'
import { advance } from '../../../../shared/job/advance.ts'
import { type Callback, callbackState, isDue } from '../../../../shared/job/callbacks/callback.ts'
import type { JobRecord } from '../../../../shared/job/job-record.ts'
import { isTerminal, states } from '../../../../shared/job/job-state.ts'
import { claimCallback, dueCallbacks, endAttempt, nextDue, oweAgain } from '../../../../shared/job/callbacks/owed-callbacks.ts'
import type { Target } from '../../../../shared/job/callbacks/target.ts'
import { transferEnded } from '../../../../shared/job/transfers/transfer-ended.ts'
import { transferResumed } from '../../../../shared/job/transfers/transfer-resumed.ts'
import type { Transfer } from '../../../../shared/job/transfers/transfer.ts'
import { newRecord } from '../../../support/new-record.ts'

const now = new Date('2026-11-22T13:00:00.000Z')
const later = (seconds: number): Date => new Date(now.getTime() + seconds * 1000)
const hook = (events: Extract<Target, { kind: 'webhook' }>['events']): Target => ({
  kind: 'webhook',
  url: 'https://example.org',
  events,
  secret_ref: 'a'
})

const owing = (more: Partial<Callback> = {}): JobRecord =>
  newRecord({
    state: 'failed',
    targets: [hook(['failed'])],
    callbacks: [{
      id: '0-failed',
      target: 0,
      call: 'failed',
      state: 'owed',
      due_at: now.toISOString(),
      attempts: [],
      ...more
    }]
  })

const pushing = (transfer: Partial<Transfer> = {}, callback: Partial<Callback> = {}): JobRecord =>
  newRecord({
    state: 'succeeded',
    targets: [{
      kind: 'edc-signaling',
      connector: 'provider',
      transfer: 'a',
      asset: 'asset',
      callback_address: 'http://provider',
      result: 'archive',
      answered_at: now.toISOString(),
      ...transfer
    } as Transfer],
    callbacks: [{
      id: '0-push',
      target: 0,
      call: 'push',
      state: 'owed',
      due_at: now.toISOString(),
      attempts: [],
      ...callback
    }]
  })

await t.test('a new state adds a callback for each target that wants it, in the same revision', async (t) => {
  const targets: Target[] = [hook(['running', 'succeeded']), hook(['failed', 'canceled', 'lost']), { kind: 'sink' }]
  for (
    const [state, ids] of [
      ['pending', undefined],
      ['running', ['0-running', '2-running']],
      ['succeeded', ['0-succeeded', '2-succeeded']],
      ['failed', ['1-failed', '2-failed']],
      ['canceled', ['1-canceled', '2-canceled']],
      ['lost', ['1-lost', '2-lost']]
    ] as const
  ) {
    const next = advance(newRecord({ targets }), { state }, now)
    t.strictSame(next?.callbacks?.map(({ id }) => id), ids, state)
    for (const one of next?.callbacks ?? []) {
      t.match(one, { call: state, state: 'owed', due_at: now.toISOString(), attempts: [] })
    }
  }
  const running = advance(newRecord({ targets }), { state: 'running' }, now)!
  const ended = advance(running, { state: 'failed', started_at: now.toISOString() }, later(1))!
  t.strictSame(ended.callbacks!.map(({ id, target }) => [id, target]), [['0-running', 0], ['2-running', 2], [
    '1-failed',
    1
  ], ['2-failed', 2]], 'the earlier callbacks stay owed')
})

await t.test('a change without a new state adds no callback, nor does a job without targets', async (t) => {
  const running = newRecord({ state: 'running', targets: [{ kind: 'sink' }] })
  t.notOk(advance(running, { exit_code: 1 }, now)!.callbacks)
  t.equal(advance({ ...running, state: 'failed' }, { state: 'failed' }, now), undefined)
  t.notOk('callbacks' in advance(newRecord(), { state: 'failed' }, now)!)
})

await t.test('a start that nothing observed is told together with the end of the job', async (t) => {
  const targets: Target[] = [{ kind: 'sink' }, hook(['running']), hook(['succeeded'])]
  const next = advance(newRecord({ targets }), { state: 'succeeded', started_at: now.toISOString() }, now)!
  t.strictSame(next.callbacks!.map(({ id }) => id), ['0-running', '1-running', '0-succeeded', '2-succeeded'])
  const unstarted = advance(newRecord({ targets }), { state: 'failed' }, now)!
  t.strictSame(unstarted.callbacks!.map(({ id }) => id), ['0-failed'], 'a job that never ran')
})

await t.test('only one of two processes claims a due callback, until the claim expires', async (t) => {
  const record = owing()
  const claimed = claimCallback(record, '0-failed', now, later(60))!
  t.match(claimed, {
    revision: record.revision + 1,
    callbacks: [{ state: 'owed', trying_until: later(60).toISOString(), attempts: [{ at: now.toISOString() }] }]
  })
  t.equal(claimCallback(claimed, '0-failed', later(59), later(120)), undefined)
  const again = claimCallback(claimed, '0-failed', later(60), later(120))!
  t.strictSame(
    again.callbacks![0]!.attempts,
    [{ at: now.toISOString() }, { at: later(60).toISOString() }],
    'the interrupted attempt stays in the list'
  )
})

await t.test('a callback that is not due, not owed or unknown cannot be claimed', async (t) => {
  for (
    const record of [owing({ due_at: later(1).toISOString() }), owing({ state: 'dead' }), owing({ state: 'delivered' })]
  ) t.equal(claimCallback(record, '0-failed', now, later(60)), undefined)
  t.equal(claimCallback(owing(), '1-failed', now, later(60)), undefined)
  t.equal(claimCallback(newRecord(), '0-failed', now, later(60)), undefined)
  t.ok(isDue(owing().callbacks![0]!, now))
})

await t.test('endAttempt records the outcome and changes nothing else in the record', async (t) => {
  const claimed = claimCallback(owing(), '0-failed', now, later(60))!
  for (
    const [ended, expected] of [
      [{ result: { status: 204 }, state: 'delivered' }, { state: 'delivered' }],
      [{ result: { status: 410 }, state: 'dead' }, { state: 'dead' }],
      [{ result: { error: 'Timeout' }, state: 'owed', due_at: later(5).toISOString() }, {
        state: 'owed',
        due_at: later(5).toISOString()
      }]
    ] as const
  ) {
    const { callbacks, ...rest } = endAttempt(claimed, '0-failed', later(60), ended)!
    t.strictSame(callbacks, [{
      id: '0-failed',
      target: 0,
      call: 'failed',
      attempts: [{ at: now.toISOString(), ...ended.result }],
      ...expected
    }])
    const { callbacks: _, ...before } = claimed
    t.strictSame(rest, { ...before, revision: claimed.revision + 1 })
  }
})

await t.test('a process that lost its claim can record only a delivery', async (t) => {
  const first = claimCallback(owing(), '0-failed', now, later(60))!
  const second = claimCallback(first, '0-failed', later(60), later(120))!
  t.equal(endAttempt(second, '0-failed', later(60), { result: { status: 500 }, state: 'dead' }), undefined)
  const arrived = endAttempt(second, '0-failed', later(60), { result: { status: 200 }, state: 'delivered' })!
  t.match(arrived.callbacks, [{ state: 'delivered', trying_until: undefined }])
  t.equal(
    endAttempt(arrived, '0-failed', later(120), {
      result: { status: 500 },
      state: 'owed',
      due_at: later(180).toISOString()
    }),
    undefined,
    'the other process cannot change a delivered callback'
  )
  const dead = endAttempt(second, '0-failed', later(120), { result: { status: 410 }, state: 'dead' })!
  t.match(endAttempt(dead, '0-failed', later(60), { result: { status: 200 }, state: 'delivered' }), {
    callbacks: [{ state: 'delivered' }]
  })
})

await t.test('a callback can be made owed again from every state', async (t) => {
  for (const state of ['owed', 'delivered', 'dead'] as const) {
    const attempts = [{ at: now.toISOString(), status: 500 }]
    t.match(oweAgain(owing({ state, attempts, due_at: later(3600).toISOString() }), '0-failed', later(1)), {
      callbacks: [{ state: 'owed', due_at: later(1).toISOString(), attempts }]
    })
  }
  t.equal(oweAgain(owing(), '1-failed', now), undefined)
})

await t.test('a redelivery that is requested during an attempt makes one more try, however the attempt ends', async (t) => {
  const claimed = claimCallback(owing(), '0-failed', now, later(60))!
  const again = oweAgain(claimed, '0-failed', later(1))!
  t.equal(claimCallback(again, '0-failed', later(2), later(120)), undefined, 'not before the attempt has ended')
  for (
    const ended of [
      { result: { status: 204 }, state: 'delivered' },
      { result: { status: 410 }, state: 'dead' },
      { result: { error: 'Timeout' }, state: 'owed', due_at: later(5).toISOString() }
    ] as const
  ) {
    const after = endAttempt(again, '0-failed', later(60), ended)!
    t.match(after.callbacks, [{ state: 'owed', due_at: later(1).toISOString(), attempts: [ended.result] }])
    const second = claimCallback(after, '0-failed', later(2), later(62))!
    t.match(endAttempt(second, '0-failed', later(62), { result: { status: 204 }, state: 'delivered' }), {
      callbacks: [{ state: 'delivered', again_at: undefined, attempts: [ended.result, { status: 204 }] }]
    })
  }
  const interrupted = claimCallback(again, '0-failed', later(60), later(120))!
  t.match(endAttempt(interrupted, '0-failed', later(120), { result: { status: 204 }, state: 'delivered' }), {
    callbacks: [{ state: 'delivered' }]
  }, 'the try after an interrupted one is the one more')
})

await t.test('the push of a suspended transfer is not due; a resume makes it due now', async (t) => {
  const attempts = [{ at: now.toISOString(), status: 503 }]
  const record = pushing({ suspended_at: now.toISOString() }, { attempts, due_at: later(3600).toISOString() })
  t.strictSame(dueCallbacks(record, later(7200)), [])
  t.equal(claimCallback(record, '0-push', later(7200), later(7260)), undefined)
  t.equal(nextDue(record, now), undefined)
  const resumed = transferResumed(record, later(1))
  t.match(resumed.callbacks, [{ state: 'owed', due_at: later(1).toISOString(), attempts }])
  t.strictSame(nextDue(resumed, now), later(1))
  t.equal(dueCallbacks(resumed, later(1)).length, 1)
  t.equal(nextDue(claimCallback(resumed, '0-push', later(1), later(61))!, later(2)), undefined, 'it is being tried')
})

await t.test('what a transfer no longer needs is dropped, with all its tries', async (t) => {
  const attempts = [{ at: now.toISOString(), status: 503 }]
  const ended = transferEnded(pushing({}, { attempts }), later(1))!
  t.match(ended.callbacks, [{ state: 'dropped', attempts, due_at: undefined }])
  t.strictSame(dueCallbacks(ended, later(100)), [])
  t.match(transferEnded(pushing({}, { state: 'dead', attempts }), later(1))!.callbacks, [{ state: 'dead', attempts }])
  t.equal(oweAgain(ended, '0-push', later(2))!.callbacks![0]!.state, 'owed')

  const trying = transferEnded(claimCallback(pushing(), '0-push', now, later(60))!, later(1))!
  const late = { result: { error: 'Timeout' }, state: 'owed', due_at: later(9).toISOString() } as const
  t.match(endAttempt(trying, '0-push', later(60), late), {
    callbacks: [{ state: 'dropped', due_at: undefined, attempts: [{ error: 'Timeout' }] }]
  }, 'the end of a try that was in progress does not make it owed again')
  t.match(endAttempt(trying, '0-push', later(60), { result: { status: 200 }, state: 'delivered' }), {
    callbacks: [{ state: 'delivered' }]
  })
})

await t.test('only the last 30 attempts are kept', async (t) => {
  let record = owing()
  for (let tried = 0; tried < 100; tried++) {
    record = claimCallback(record, '0-failed', later(tried * 60), later(tried * 60 + 60))!
  }
  t.equal(record.callbacks![0]!.attempts.length, 30)
  t.equal(record.callbacks![0]!.attempts.at(-1)!.at, later(99 * 60).toISOString())
})

await t.test('callbackState is the worst state of all callbacks', async (t) => {
  t.equal(callbackState([{ ...owing().callbacks![0]!, state: 'dropped' }]), 'dropped')
  const of = (...all: Callback['state'][]) => callbackState(all.map((state) => ({ ...owing().callbacks![0]!, state })))
  t.equal(of('delivered', 'owed', 'dead'), 'dead')
  t.equal(of('delivered', 'owed'), 'owed')
  t.equal(of('delivered', 'dropped'), 'delivered')
  t.equal(of(), undefined)
  t.equal(callbackState(), undefined)
})

await t.test('a terminal record with owed callbacks does not advance', async (t) => {
  for (const state of states.filter(isTerminal)) {
    t.equal(advance({ ...owing(), state }, { state: 'lost', exit_code: 3 }, now), undefined)
  }
})
