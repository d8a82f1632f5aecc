import t from 'tap'
import { type Rule, sends, writesState } from '../support/fault-rules.ts'
import { faultyHost } from '../support/faulty-host.ts'

const SCRIPT = 'echo whole > result.txt; echo done'

await t.test('job-completed is killed', async (t) => {
  const host = await faultyHost(t, 'job-completed')
  // Long enough that a function that is scaled to zero sees the job while it runs.
  const seconds = process.env['E2E_NODE_ADDRESS'] === undefined ? 5 : 20
  const cuts: { at: string, fate: Rule, script?: string }[] = [
    { at: 'before it writes that the job runs', fate: writesState('running'), script: `sleep ${seconds}; ${SCRIPT}` },
    { at: 'before it writes the end of the job', fate: writesState('succeeded') },
    { at: 'after it wrote the end of the job', fate: writesState('succeeded', 'hold the answer') },
    { at: 'before it stores the log', fate: sends('PUT', '/logs/') },
    { at: 'before it removes the marker', fate: sends('DELETE', '/open/') }
  ]
  for (const { at, fate, script = SCRIPT } of cuts) {
    await t.test(at, async (t) => {
      host.proxies.store.fate = fate
      const id = await host.deploy({ env: { SCRIPT: script } })
      await host.proxies.store.caught()
      await host.crash()
      await host.ping()
      t.match(await host.reaches(id, 'succeeded', 'failed'), { state: 'succeeded', exit_code: 0 })
      t.equal((await host.job(id)).history.filter(({ state }) => state === 'succeeded').length, 1)
      t.equal(await (await host.result(id, 'result.txt')).text(), 'whole\n')
      t.equal(await host.jobLog(id), 'done\n')
    })
  }
})
