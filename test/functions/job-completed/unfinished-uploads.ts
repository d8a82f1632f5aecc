import { randomUUID } from 'node:crypto'
import t from 'tap'
import { createMultipart } from '../../../functions/result-upload/multipart/multipart.ts'
import { newJobId } from '../../../shared/job/job-id.ts'
import { contentKey, manifestKey, markerKey, multipartKey } from '../../../shared/store/bucket-layout.ts'
import { headObject, putObject } from '../../../shared/store/object-store.ts'
import { listUploads } from '../../../shared/store/unfinished-uploads.ts'
import { clusterOf } from '../../support/cluster-of.ts'
import { completedWith, jobData } from '../../support/completed-server.ts'
import { testKubernetes } from '../../support/local-kubernetes.ts'
import { poll } from '../../support/poll.ts'
import { putResults } from '../../support/put-results.ts'
import { startedJob } from '../../support/running-job.ts'
import { testStore } from '../../support/store.ts'

await t.test('the noted multipart uploads of an ended job are aborted, those of other jobs are not', async (t) => {
  const store = await testStore(t)
  const cluster = clusterOf(await testKubernetes(t))
  const { send } = await completedWith(t, { store, cluster })
  const { record: { job_uuid: id } } = await startedJob({ store, cluster }, 'exit 3')
  const [attempt, other] = [randomUUID(), newJobId()]
  const [noted, unnoted] = ['a', 'b'].map((digit) => digit.repeat(64)) as [string, string]
  const note = multipartKey(id, attempt, noted)
  const upload = await createMultipart(store, contentKey(id, attempt, noted))
  await putObject(store, note, JSON.stringify({ sha256: noted, upload_id: upload }), {}, 'unconditional')
  for (const key of [contentKey(id, attempt, unnoted), contentKey(other, attempt, noted)]) {
    await createMultipart(store, key)
  }
  await putResults(store, { id, attempt }, { 'small.txt': 'a' })
  t.equal((await listUploads(store, '')).length, 3)
  await poll(
    'it has failed',
    async () => (await cluster.jobs())[0]!.status?.conditions?.some(({ type }) => type === 'Failed')
  )
  t.equal((await send(jobData(id))).status, 204)
  await poll('the marker is removed', async () => await headObject(store, markerKey(id)) === undefined)
  t.strictSame(
    (await listUploads(store, '')).map(({ key }) => key).sort(),
    [contentKey(other, attempt, noted), contentKey(id, attempt, unnoted)].sort(),
    'the one without a note has no parts, and goes with the job'
  )
  t.equal(await headObject(store, note), undefined)
  t.ok(await headObject(store, manifestKey(id, attempt)), 'what is no note stays')
})
