import { join } from 'node:path'
import t from 'tap'
import { clusterOf } from '../support/cluster-of.ts'
import { testHost } from '../support/host.ts'
import { poll } from '../support/poll.ts'

await t.test('the ways in which a job ends', async (t) => {
  const host = await testHost(t)
  const cluster = clusterOf(host)
  const alive = async (id: string): Promise<boolean> =>
    (await cluster.pods()).some(({ metadata }) => metadata?.labels?.['gx4ki.job.uuid'] === id)

  await t.test('failed: with its exit code, its log and all files that it had written', async (t) => {
    const id = await host.deploy({ env: { SCRIPT: 'echo partial > part.txt; echo going down; exit 3' } })
    t.match(await host.reaches(id, 'failed', 'succeeded'), {
      state: 'failed',
      reason: 'BackoffLimitExceeded',
      exit_code: 3,
      results: { files: 1, bytes: 8, complete: true, left_out: [], left_out_count: 0 }
    })
    t.equal(await (await host.result(id, 'part.txt')).text(), 'partial\n')
    t.equal(await host.jobLog(id), 'going down\n')
  })

  await t.test('succeeded at the second try: the files of that attempt count', async (t) => {
    const firstTry = join(t.testdir({}), 'was-here')
    const id = await host.deploy({
      template: 'retried',
      env: { SCRIPT: `if mkdir ${firstTry}; then echo first > which.txt; exit 1; fi; echo second > which.txt` }
    })
    t.match(await host.reaches(id, 'failed', 'succeeded'), { state: 'succeeded', exit_code: 0 })
    t.equal(await (await host.result(id, 'which.txt')).text(), 'second\n')
  })

  await t.test('failed: deadline exceeded; its files and its log are kept', async (t) => {
    const id = await host.deploy({
      template: 'overdue',
      env: {
        SCRIPT: 'echo kept > part.txt; echo waiting; trap "echo told to end; exit 9" TERM; while :; do sleep 0.1; done'
      }
    })
    t.match(await host.reaches(id, 'failed', 'succeeded'), { state: 'failed', reason: 'DeadlineExceeded' })
    t.equal(await (await host.result(id, 'part.txt')).text(), 'kept\n')
    t.equal(await host.jobLog(id), 'waiting\ntold to end\n')
  })

  await t.test('failed: it did not start in time', async (t) => {
    const id = await host.deploy({ template: 'no-image' })
    t.match(
      await poll('the job shows the reason', async () => {
        // The Job does not change, so there is no event.
        await host.ping()
        const job = await host.job(id)
        return job.reason !== null && job
      }),
      { state: 'pending', reason: /^(ErrImagePull|ImagePullBackOff)$/ }
    )
    await poll('the start deadline is over', async () => {
      await host.ping()
      return (await host.job(id)).state === 'failed'
    })
    t.match(await host.job(id), { state: 'failed', reason: 'StartDeadlineExceeded', started_at: null })
    t.notOk(await alive(id))
    const log = await fetch(`${host.url}/job/${id}/log`)
    t.equal(log.status, 404)
    t.match(await log.json(), { type: 'urn:gx4ki:problem:no-log', detail: /^The job never ran/ })
  })

  await t.test('canceled: no pod runs any more, its files are uploaded, and a second cancel is no error', async (t) => {
    const id = await host.deploy({
      env: {
        SCRIPT:
          'echo started; trap "echo last > late.txt; exit 0" TERM; echo early > early.txt; while :; do sleep 0.1; done'
      }
    })
    await poll('the early file is uploaded', async () => (await host.results(id)).length > 0)
    const [first, second] = await Promise.all([host.cancel(id), host.cancel(id)])
    t.match([first, second], [{ reason: 'CancelRequested' }, { reason: 'CancelRequested' }])
    t.match(await host.reaches(id, 'canceled', 'failed', 'succeeded', 'lost'), {
      state: 'canceled',
      reason: 'CancelRequested'
    })
    t.notOk(await alive(id), 'a canceled job has no pods')
    t.strictSame((await host.results(id)).map(({ name }) => name), ['early.txt', 'late.txt'])
    t.equal(await host.jobLog(id), 'started\n')
    t.equal((await fetch(`${host.url}/job/${id}`, { method: 'DELETE' })).status, 200)
    t.equal((await host.job(id)).history.at(-1)?.state, 'canceled')
  })

  await t.test('lost: its Job was deleted', async (t) => {
    const id = await host.deploy({ env: { SCRIPT: 'sleep 60' } })
    await host.reaches(id, 'running')
    await cluster.batch.deleteNamespacedJob({
      namespace: cluster.namespace,
      name: `gx4ki-${id}`,
      propagationPolicy: 'Background'
    })
    t.match(await host.reaches(id, 'lost', 'canceled', 'failed'), { state: 'lost', reason: 'JobDeleted' })
  })

  await t.test('a cancel after the end changes nothing', async (t) => {
    const id = await host.deploy({ env: { SCRIPT: 'true' } })
    const before = await host.reaches(id, 'succeeded')
    t.strictSame(await host.cancel(id), before)
  })
})
