import t from 'tap'
import { clusterOf } from '../support/cluster-of.ts'
import { testHost } from '../support/host.ts'
import { poll } from '../support/poll.ts'

const SCRIPT = 'echo whole > result.txt; echo done'

await t.test('the event source is down', async (t) => {
  const host = await testHost(t)
  for (
    const [what, script, end] of [['succeeds', SCRIPT, { state: 'succeeded', exit_code: 0 }], [
      'fails',
      `${SCRIPT}; exit 4`,
      { state: 'failed', exit_code: 4 }
    ]] as const
  ) {
    await t.test(`while a Job ${what}: no event reports it, but the ping does`, async (t) => {
      await host.source.stop()
      const id = await host.deploy({ env: { SCRIPT: script } })
      const cluster = clusterOf(host)
      await poll(
        'the Job ends',
        async () =>
          (await cluster.jobs()).find(({ metadata }) => metadata?.name === `gx4ki-${id}`)?.status?.conditions?.some((
            { type }
          ) => type === 'Complete' || type === 'Failed')
      )
      await host.source.start()
      t.equal((await host.job(id)).state, 'pending')
      await host.ping()
      t.match(await host.job(id), end)
      t.strictSame((await host.job(id)).history.map(({ state }) => state), [
        'accepted',
        'pending',
        'running',
        end.state
      ])
      t.equal(await (await host.result(id, 'result.txt')).text(), 'whole\n')
      t.equal(await host.jobLog(id), 'done\n')
    })
  }
})
