import t from 'tap'
import { clusterOf } from '../support/cluster-of.ts'
import { type Rule, sends, writesState, writesTag } from '../support/fault-rules.ts'
import { faultyHost } from '../support/faulty-host.ts'
import { poll } from '../support/poll.ts'

const SCRIPT = 'echo whole > result.txt; echo done'

await t.test('deploy is killed', async (t) => {
  const host = await faultyHost(t, 'deploy')
  const cluster = clusterOf(host)

  interface Rules {
    store?: Rule
    kubernetes?: Rule
  }

  /** Requests a job, and returns when a request of deploy for it is held. The answer is the error, if there is one. */
  async function caught (rules: Rules, headers?: Record<string, string>): Promise<{ answer: Promise<unknown> }> {
    Object.assign(host.proxies.store, rules.store && { fate: rules.store })
    Object.assign(host.proxies.kubernetes, rules.kubernetes && { fate: rules.kubernetes })
    const answer = host.deploy({ env: { SCRIPT, PASSWORD: 'sealed' } }, headers).catch((error: Error) => error)
    await Promise.race([host.proxies.store.caught(), host.proxies.kubernetes.caught()])
    return { answer }
  }

  const cuts: { at: string, rules: Rules }[] = [
    { at: 'after it wrote the record, before there is a Job', rules: { kubernetes: sends('POST', '/jobs') } },
    { at: 'after Kubernetes made the Job, before it gets the response', rules: { kubernetes: sends('POST', '/jobs', 'hold the answer') } },
    { at: 'between the Job and its ConfigMap', rules: { kubernetes: sends('POST', '/configmaps') } },
    { at: 'between the Job and its Secret', rules: { kubernetes: sends('POST', '/secrets') } },
    { at: 'before it writes that the job is pending', rules: { store: writesState('pending') } }
  ]
  for (const { at, rules } of cuts) {
    await t.test(at, async (t) => {
      const before = (await host.jobs()).length
      const earlier = new Set((await cluster.jobs()).map(({ metadata }) => metadata!.uid))
      const { answer } = await caught(rules)
      await poll('the record is written', async () => (await host.jobs()).length > before)
      await host.crash()
      t.type(await answer, Error, 'the caller got no response')

      await host.ping()
      const [job] = await host.jobs()
      t.match(await host.reaches(job!.job_uuid, 'succeeded', 'failed'), { state: 'succeeded' })
      t.equal(await (await host.result(job!.job_uuid, 'result.txt')).text(), 'whole\n')
      const made = (await cluster.jobs()).filter(({ metadata }) => !earlier.has(metadata!.uid))
      t.equal(made.length, 1, 'exactly one Job was made')
    })
  }

  const beforeRecord = {
    'with the marker alone': { store: writesState('accepted'), kubernetes: sends('POST', '/jobs') },
    'with a Job': { store: writesState('accepted') }
  }
  for (const [what, rules] of Object.entries(beforeRecord)) {
    await t.test(`before the record, ${what}: there is no job, not even later, and nothing runs`, async (t) => {
      const before = await host.jobs()
      const earlier = new Set((await cluster.jobs()).map(({ metadata }) => metadata!.uid))
      const left = async () => (await cluster.jobs()).filter(({ metadata }) => !earlier.has(metadata!.uid))
      const { answer } = await caught(rules)
      if (!('kubernetes' in rules)) await poll('there is a Job', async () => (await left()).length > 0)
      await host.crash()
      t.type(await answer, Error)
      await host.ping()
      t.strictSame(await host.jobs(), before)
      const jobs = await left()
      t.equal(jobs.length, 'kubernetes' in rules ? 0 : 1, 'the ping deletes this Job when its marker is old')
      const secrets = (await cluster.secrets()).map(({ metadata }) => metadata!.name)
      for (const { metadata } of jobs) t.notOk(secrets.includes(metadata!.name), 'its pod waits for a Secret for ever')
    })
  }

  const keyed: typeof cuts = [
    { at: 'before the claim', rules: { store: sends('PUT', '/idempotency/') } },
    { at: 'between the claim and the marker', rules: { store: sends('PUT', '/open/') } },
    { at: 'between the marker and the record', rules: beforeRecord['with the marker alone'] },
    { at: 'between the Job and the record', rules: beforeRecord['with a Job'] },
    { at: 'after the record', rules: { store: writesTag('state', 'accepted', 'hold the answer') } },
    ...cuts.slice(0, 1)
  ]
  for (const [index, { at, rules }] of keyed.entries()) {
    await t.test(`${at}: a retry with the same idempotency key is one job`, async (t) => {
      const before = new Set((await host.jobs()).map(({ job_uuid: id }) => id))
      const jobs = (await cluster.jobs()).length
      const headers = { 'idempotency-key': `"once ${index}"` }
      const { answer } = await caught(rules, headers)
      if (at === 'between the Job and the record') {
        await poll('there is a Job', async () => (await cluster.jobs()).length > jobs)
      }
      await host.crash()
      t.type(await answer, Error)
      const again = async (): Promise<string> => await host.deploy({ env: { SCRIPT, PASSWORD: 'sealed' } }, headers)
      const id = await again()
      t.equal(await again(), id)
      await host.reaches(id, 'succeeded')
      t.equal((await cluster.jobs()).length, jobs + 1)
      const made = (await host.jobs()).filter(({ job_uuid: one }) => !before.has(one))
      t.strictSame(made.map(({ job_uuid: one }) => one), [id])
    })
  }

  await t.test('between a cancel and the end of the Job', async (t) => {
    const id = await host.deploy({ env: { SCRIPT: 'sleep 100' } })
    await host.reaches(id, 'running')
    host.proxies.kubernetes.fate = sends('DELETE', '/jobs')
    const asked = host.cancel(id).catch((error: Error) => error)
    await host.proxies.kubernetes.caught()
    await host.crash()
    t.type(await asked, Error)
    t.match(await host.job(id), { state: 'running', reason: 'CancelRequested' })
    await host.ping()
    t.match(await host.reaches(id, 'canceled', 'lost', 'failed'), { state: 'canceled' })
  })
})
