import { randomUUID } from 'node:crypto'
import t from 'tap'
import { createMultipart } from '../../../functions/result-upload/multipart/multipart.ts'
import { newJobId } from '../../../shared/job/job-id.ts'
import { markerKey, multipartKey, resultKey } from '../../../shared/store/bucket-layout.ts'
import { headObject, putObject } from '../../../shared/store/object-store.ts'
import { listUploads } from '../../../shared/store/unfinished-uploads.ts'
import { clusterOf } from '../../support/cluster-of.ts'
import { completedWith, jobData } from '../../support/completed-server.ts'
import { testKubernetes } from '../../support/local-kubernetes.ts'
import { poll } from '../../support/poll.ts'
import { startedJob } from '../../support/running-job.ts'
import { testStore } from '../../support/store.ts'

await t.test('unfinished multipart uploads of an ended job are aborted, those of other jobs are not', async (t) => {
  const store = await testStore(t)
  const cluster = clusterOf(await testKubernetes(t))
  const { send } = await completedWith(t, { store, cluster })
  const { record: { job_uuid: id } } = await startedJob({ store, cluster }, 'exit 3')
  const [attempt, other] = [randomUUID(), newJobId()]
  const name = 'sub/große Datei.bag'
  const note = multipartKey(id, attempt, 'a'.repeat(64))
  await putObject(
    store,
    note,
    JSON.stringify({ name, upload_id: await createMultipart(store, resultKey(id, attempt, name), {}) }),
    {},
    'unconditional'
  )
  for (const key of [resultKey(id, attempt, 'cut off & without a note'), resultKey(other, attempt, name)]) {
    await createMultipart(store, key, {})
  }
  t.equal((await listUploads(store, 'results/')).length, 3)

  await poll(
    'it has failed',
    async () => (await cluster.jobs())[0]!.status?.conditions?.some(({ type }) => type === 'Failed')
  )
  t.equal((await send(jobData(id))).status, 204)
  await poll('the marker is removed', async () => await headObject(store, markerKey(id)) === undefined)
  t.same((await listUploads(store, 'results/')).map(({ key }) => key), [resultKey(other, attempt, name)])
  t.equal(await headObject(store, note), undefined)
})
