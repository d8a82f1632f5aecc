import t from 'tap'
import { viewOf } from '../../../shared/job/job-view.ts'
import { newRecord } from '../../support/new-record.ts'

const created = '2026-11-22T12:58:20.123Z'

await t.test('a view has every public field, null for absent values, and no internal field', async (t) => {
  const record = newRecord({
    state: 'pending',
    env: { DURATION: '15' },
    created_at: created,
    history: [{ state: 'accepted', at: created }],
    sealed_env: 'sealed',
    job_uid: 'uid',
    attempt: 'pod',
    stop: { reason: 'CancelRequested', at: created }
  })
  const id = record.job_uuid
  t.same(viewOf(record), {
    job_uuid: id,
    state: 'pending',
    reason: null,
    message: null,
    results: null,
    template: 'test',
    owner: null,
    created_at: created,
    started_at: null,
    finished_at: null,
    exit_code: null,
    expires_at: null,
    callback: null,
    progress: null,
    env: { DURATION: '15' },
    history: [{ state: 'accepted', at: created }],
    links: { self: `/job/${id}`, results: `/job/${id}/result/list`, log: `/job/${id}/log` }
  })
})
