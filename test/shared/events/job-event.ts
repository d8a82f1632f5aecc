import t from 'tap'
import { jobEvent } from '../../../shared/events/job-event.ts'
import { newRecord } from '../../support/new-record.ts'

const at = '2026-11-22T12:00:00.000Z'
const results = {
  files: 2,
  bytes: 7,
  complete: false,
  left_out: [{ name: 'a\\x0a', reason: 'its name has a line break' }],
  left_out_count: 1
}
const record = newRecord({
  state: 'failed',
  reason: 'ResultsIncomplete',
  message: 'Not all files could be stored',
  exit_code: 0,
  results,
  history: [{ state: 'accepted', at }, { state: 'running', at }, { state: 'failed', at }]
})

await t.test('the event of the end has the reason, the message and the results', async (t) => {
  t.match(jobEvent(record, 'failed', 'https://jobs.example.org').data, {
    state: 'failed',
    reason: 'ResultsIncomplete',
    message: 'Not all files could be stored',
    exit_code: 0,
    results
  })
})

await t.test('an event about an earlier state has nothing of the end, however late it is sent', async (t) => {
  t.match(jobEvent(record, 'running', '').data, {
    state: 'running',
    reason: null,
    message: null,
    exit_code: null,
    results: null
  })
})
