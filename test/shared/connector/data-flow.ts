import { randomBytes } from 'node:crypto'
import t from 'tap'
import { flowState, statusMessage, whyNoData } from '../../../shared/connector/data-flow.ts'
import type { Callback } from '../../../shared/job/callbacks/callback.ts'
import type { JobRecord } from '../../../shared/job/job-record.ts'
import { sealDestination } from '../../../shared/job/transfers/push-destination.ts'
import { transferOf, withTransfer } from '../../../shared/job/transfers/transfer-of.ts'
import type { Transfer } from '../../../shared/job/transfers/transfer.ts'
import { newRecord } from '../../support/new-record.ts'

const place = { resultTokenKey: randomBytes(32).toString('hex'), publicUrl: 'https://jobs.example.org' }
const at = new Date().toISOString()

function recordOf (more: Partial<JobRecord>, transfer: Partial<Transfer> = {}): JobRecord {
  return newRecord({
    state: 'succeeded',
    targets: [{
      kind: 'dataplane-signaling',
      connector: 'provider',
      transfer: 'a',
      asset: 'asset',
      callback_address: 'http://provider',
      result: { file: 'result.bin' },
      answered_at: at,
      ...transfer
    } as Transfer],
    ...more
  })
}

await t.test('a connector is told why there is no data', async (t) => {
  const told = (record: JobRecord): string => whyNoData(record, place).replace(`job ${record.job_uuid} `, '')
  const failed = { state: 'failed', reason: 'BackoffLimitExceeded', exit_code: 3, message: 'Four lines …' } as const
  t.equal(told(recordOf(failed)), 'failed: BackoffLimitExceeded, exit code 3')
  const invalid = { state: 'failed', reason: 'InvalidAsset', message: 'env.DURATION must be integer' } as const
  t.equal(told(recordOf(invalid)), 'failed: InvalidAsset: env.DURATION must be integer')
  const incomplete = { state: 'failed', reason: 'ResultsIncomplete', exit_code: 0, message: 'a.txt is missing' } as const
  t.equal(told(recordOf(incomplete)), 'failed: ResultsIncomplete: a.txt is missing')
  t.equal(told(recordOf({ state: 'canceled', reason: 'CancelRequested' })), 'canceled: CancelRequested')
  t.equal(told(recordOf({}, { result_missing: true })), 'succeeded, but made no file result.bin')
})

await t.test('a connector is told the host and the last status of a push that was given up', async (t) => {
  const message = 'succeeded, but its results could not be sent to the consumer'
  for (
    const [attempt, expected] of [
      [{ status: 503 }, ': consumer.example.org:8443 answered 503'],
      [{ error: 'Timeout' }, ': Timeout at consumer.example.org:8443']
    ] as const
  ) {
    const push: Callback = { id: '0-push', target: 0, call: 'push', state: 'dead', attempts: [{ at, status: 500 }, { at, ...attempt }] }
    const plain = recordOf({ callbacks: [push] })
    const record = withTransfer(plain, {
      sealed_destination: sealDestination(place.resultTokenKey, plain.job_uuid, {
        url: 'https://consumer.example.org:8443/in?token=geheim',
        header: {}
      })
    })
    t.equal(whyNoData(record, place), `job ${record.job_uuid} ${message}${expected}`)
    t.match(statusMessage(record, transferOf(record)!, 'm', place, 'TERMINATED'), { error: expected.slice(2) })
    t.match(whyNoData(record, { resultTokenKey: 'another key' }), /its destination/, 'the key has changed')
  }
})

await t.test('a flow whose file was not made has no data, and gives no address', async (t) => {
  const record = recordOf({}, { result_missing: true })
  const transfer = transferOf(record)!
  t.equal(flowState(record, transfer), 'TERMINATED')
  t.match(statusMessage(record, transfer, 'm', place), {
    state: 'TERMINATED',
    dataAddress: undefined,
    error: /made no file result\.bin$/
  })
  t.match(statusMessage(recordOf({}), transferOf(recordOf({}))!, 'm', place), { state: 'STARTED', error: undefined })
})
