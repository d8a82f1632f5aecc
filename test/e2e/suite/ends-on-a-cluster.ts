import { globSync, mkdirSync, rmSync } from 'node:fs'
import t from 'tap'
import { testHost } from '../../support/host.ts'
import { kubectl } from '../../support/kubectl.ts'
import { poll } from '../../support/poll.ts'

await t.test('final states that only a real cluster can cause', async (t) => {
  const host = await testHost(t, { '*': { DEFAULT_TEMPLATE: 'small' } })

  await t.test('failed: the workload exceeded its memory limit', async (t) => {
    const id = await host.deploy({ env: { SCRIPT: 'echo early > early.txt; tail /dev/zero' } })
    t.match(await host.reaches(id, 'failed', 'succeeded'), { state: 'failed', reason: 'OOMKilled', exit_code: 137 })
    t.equal(await (await host.result(id, 'early.txt')).text(), 'early\n')
  })

  await t.test('failed: the results exceeded the size limit of their volume', async (t) => {
    // early.txt must be uploaded before the volume is too large: then the pod has hardly any time.
    const id = await host.deploy({
      env: { SCRIPT: 'echo early > early.txt; sleep 6; head -c 20000000 /dev/zero > late.bin; sleep 300' }
    })
    // The kubelet measures the volume once a minute, and gives the pod time to end.
    const ended = await poll('the pod was evicted', async () => {
      const job = await host.job(id)
      return ['failed', 'succeeded', 'lost'].includes(job.state) && job
    }, 240)
    t.match(ended, { state: 'failed', reason: 'Evicted' })
    t.equal(await (await host.result(id, 'early.txt')).text(), 'early\n')
  })

  await t.test('lost: another client deleted the Job', async (t) => {
    const id = await host.deploy({ env: { SCRIPT: 'sleep 300' } })
    await host.reaches(id, 'running')
    kubectl('delete', 'job', `gx4ki-${id}`, '-n', 'gx4ki-jobs', '--wait=false')
    t.match(await host.reaches(id, 'lost', 'failed', 'canceled', 'succeeded'), { state: 'lost' })
  })

  await t.test('a log that its node has lost is no log, and no error of the kubelet is in its place', async (t) => {
    const id = await host.deploy({ env: { SCRIPT: 'echo begun; sleep 300' } })
    await host.reaches(id, 'running')
    const log = `${host.url}/job/${id}/log`
    await poll('the line is there', async () => await (await fetch(log)).text() === 'begun\n')
    const node = kubectl('get', 'nodes', '-o', 'jsonpath={.items[0].metadata.name}')
    const { kubeletconfig } = JSON.parse(kubectl('get', '--raw', `/api/v1/nodes/${node}/proxy/configz`))
    const [file, ...others] = globSync(`${kubeletconfig.podLogsDir}/gx4ki-jobs_gx4ki-${id}-*/*/0.log`)
      .filter((file) => !file.includes('uploader'))
    t.strictSame(others, [])
    // If there were nothing in its place, the kubelet would have an empty file made.
    rmSync(file!)
    mkdirSync(file!)
    t.match(await (await fetch(log)).json(), { type: 'urn:gx4ki:problem:log-not-available' })
    const followed = await fetch(`${log}?follow=1`)
    await host.cancel(id)
    t.equal(await followed.text(), '')
    await host.reaches(id, 'canceled')
    await poll('the log is known to be lost', async () => {
      await host.ping()
      const answer = await fetch(log)
      const text = await answer.text()
      t.equal(answer.status, 404, text)
      return text.includes('urn:gx4ki:problem:no-log')
    })
  })

  await t.test('refused: the admission policy does not allow the image', async (t) => {
    const answer = await fetch(`${host.url}/job/deploy`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"template": "foreign"}'
    })
    t.equal(answer.status, 422)
    t.match(await answer.json(), { type: 'urn:gx4ki:problem:rejected-by-kubernetes' })
  })
})
