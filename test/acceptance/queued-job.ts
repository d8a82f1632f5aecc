import { PatchStrategy, setHeaderOptions } from '@kubernetes/client-node'
import t from 'tap'
import { clusterOf } from '../support/cluster-of.ts'
import { testHost } from '../support/host.ts'
import { poll } from '../support/poll.ts'

await t.test('a job that waits in a queue', async (t) => {
  const host = await testHost(t)
  const { batch, namespace, jobs } = clusterOf(host)
  const waiting = async (): Promise<string> => {
    const id = await host.deploy({
      template: 'queued',
      queue: 'simulations',
      env: { SCRIPT: 'echo whole > result.txt' }
    })
    t.match(
      await poll('the job shows why it waits', async () => {
        const job = await host.job(id)
        return job.reason !== null && job
      }),
      { state: 'pending', reason: 'Suspended', started_at: null }
    )
    return id
  }

  await t.test('it is pending with its reason, and runs when the queue admits it', async (t) => {
    const id = await waiting()
    const name = `gx4ki-${id}`
    t.match((await jobs()).find(({ metadata }) => metadata!.name === name)!.metadata!.labels, {
      'kueue.x-k8s.io/queue-name': 'simulations'
    })
    await host.ping()
    t.match(await host.job(id), { state: 'pending', reason: 'Suspended' }, 'a ping changes nothing')
    // As Kueue does when it admits the Job.
    await batch.patchNamespacedJob(
      { namespace, name, body: { spec: { suspend: false } } },
      setHeaderOptions('Content-Type', PatchStrategy.MergePatch)
    )
    t.match(await host.reaches(id, 'succeeded', 'failed'), { state: 'succeeded', reason: null })
    t.equal(await (await host.result(id, 'result.txt')).text(), 'whole\n')
  })

  await t.test('it can be canceled', async (t) => {
    const id = await waiting()
    await host.cancel(id)
    t.match(await host.reaches(id, 'canceled', 'failed', 'lost'), { state: 'canceled', started_at: null })
  })
})
