import t from 'tap'
import { testHost } from '../../support/host.ts'
import { kubectl } from '../../support/kubectl.ts'

await t.test('ends that only a cluster can bring about', async (t) => {
  const host = await testHost(t, { '*': { DEFAULT_TEMPLATE: 'small' } })

  await t.test('failed: it took more memory than it has', async (t) => {
    const id = await host.deploy({ env: { SCRIPT: 'echo early > early.txt; tail /dev/zero' } })
    t.match(await host.reaches(id, 'failed', 'succeeded'), { state: 'failed', reason: 'OOMKilled', exit_code: 137 })
    t.equal(await (await host.result(id, 'early.txt')).text(), 'early\n')
  })

  await t.test('lost: somebody deleted its Job', async (t) => {
    const id = await host.deploy({ env: { SCRIPT: 'sleep 300' } })
    await host.reaches(id, 'running')
    kubectl('delete', 'job', `gx4ki-${id}`, '-n', 'gx4ki-jobs', '--wait=false')
    t.match(await host.reaches(id, 'lost', 'failed', 'canceled', 'succeeded'), { state: 'lost' })
  })

  await t.test('refused: an image that no template may have', async (t) => {
    const answer = await fetch(`${host.url}/job/deploy`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"template": "foreign"}' })
    t.equal(answer.status, 422)
    t.match(await answer.json(), { type: 'urn:gx4ki:problem:rejected-by-kubernetes' })
  })
})
