import t from 'tap'
import { viewOf } from '../../../../shared/job/job-view.ts'
import { tagsOf } from '../../../../shared/job/lists/tags-of.ts'
import { newRecord } from '../../../support/new-record.ts'

const created = '2026-11-22T12:58:20.123Z'

await t.test('the tags have all data of a list entry, in a form that every store accepts', async (t) => {
  const least = tagsOf(newRecord({ state: 'accepted' }))
  t.same(least, { state: 'accepted', template: 'test' })
  const most = tagsOf(newRecord({
    state: 'failed',
    template: `a${'-'.repeat(61)}z`,
    owner: `oidc:${'x'.repeat(123)}`,
    reason: 'CreateContainerConfigError',
    started_at: created,
    finished_at: '2026-11-22T13:00:00.456Z',
    exit_code: 137,
    job_uid: 'uid',
    attempt: 'pod',
    stop: { reason: 'StartDeadlineExceeded', at: created },
    sealed_env: 'sealed',
    expires_at: '2026-12-22T13:00:00.456Z',
    callbacks: [{ id: '0-failed', target: 0, call: 'failed', state: 'dead', attempts: [] }]
  }))
  t.same(Object.keys(most).sort(), [
    'callback',
    'exit_code',
    'expires',
    'finished',
    'owner',
    'reason',
    'started',
    'state',
    'template'
  ])
  t.equal(most['exit_code'], '137')
  t.ok(Object.keys(most).length <= 10)
  for (const [key, value] of Object.entries({ ...least, ...most })) {
    t.match(`${key} ${value}`, /^[A-Za-z0-9 +\-=._:/@]{1,256}$/)
  }
})

await t.test('characters of a reason that a tag cannot have are replaced', async (t) => {
  const record = newRecord({ state: 'failed', reason: `Out of "gpü"; 1,2&3${'x'.repeat(300)}` })
  t.equal(tagsOf(record)['reason'], `Out of _gp__; 1,2&3${'x'.repeat(300)}`.replace(/[;,&]/g, '_').slice(0, 256))
  t.equal(viewOf(record).reason, record.reason, 'the view has the unchanged reason')
})

await t.test('an exit code of 0 is in the tags and in the view', async (t) => {
  t.equal(tagsOf(newRecord({ state: 'succeeded', exit_code: 0 }))['exit_code'], '0')
  t.equal(viewOf(newRecord({ state: 'succeeded', exit_code: 0 })).exit_code, 0)
})
