import t from 'tap'
import { readRecord } from '../../shared/job/record-store.ts'
import { transferOf } from '../../shared/job/transfers/transfer-of.ts'
import { poll } from '../support/poll.ts'
import { connected, ENDPOINT_KEY, script } from './connected.ts'

const entry = 'provisioner.http.entries.gx4ki'
const { host, provider, dataspace, sink, store, pinged, running } = await connected(t, '0.10.0', {
  settings: (url) => ({
    [`${entry}.provisioner.type`]: 'provider',
    // With this type, EDC reports the end of a push.
    [`${entry}.data.address.type`]: 'HttpData',
    [`${entry}.endpoint`]: `${url}/provision?connector=provider&key=${ENDPOINT_KEY}`
  }),
  table: ({ urls }) => ({
    protocol: 'http-provisioner',
    management_url: urls.management,
    assets_decide: true,
    assets: {
      data: script('echo hello > result.txt'),
      failing: script('exit 3'),
      wrong: { template: 'script', env: { NO_SUCH_VARIABLE: '1' } },
      slow: script('sleep 10; echo late > result.txt'),
      endless: script('trap "exit 1" TERM; while :; do sleep 0.1; done')
    }
  })
})
const unused = { type: 'HttpData', baseUrl: 'http://unused.invalid' }
await dataspace.offer({
  data: unused,
  failing: unused,
  wrong: unused,
  slow: unused,
  endless: unused,
  own: { ...unused, jobTemplate: 'script', script: 'echo own > own.txt', result: 'own.txt' },
  weather: unused
})

await t.test('many transfers at once, also some that can never be met', async (t) => {
  const good = await Promise.all([
    ...Array.from({ length: 5 }, async () => await dataspace.transfer('data')),
    dataspace.transfer('own')
  ])
  const push = await dataspace.transfer('data', { sink: `${sink.url}/push` })
  const ends = {
    wrong: /received fatal error code: 400$/,
    weather: /failed: InvalidAsset: The data address of the asset weather has no property jobTemplate/,
    failing: /failed: BackoffLimitExceeded, exit code 3$/
  }
  const bad = await Promise.all(
    Object.entries(ends).map(async ([asset, why]) => ({ why, transfer: await dataspace.transfer(asset) }))
  )
  await Promise.all(good.map(async (transfer) => await transfer.reaches('STARTED', 'STARTED')))
  const text = async (at: number): Promise<string> =>
    await poll('the consumer has the EDR', async () => (await good.at(at)!.pull())?.text())
  t.equal(await text(0), 'hello\n')
  t.equal(await text(-1), 'own\n')
  await push.reaches('COMPLETED', 'DEPROVISIONING_REQUESTED')
  t.strictSame(sink.received.map(({ url, body }) => [url, body.toString()]), [['/push', 'hello\n']])
  for (const { why, transfer } of bad) {
    t.match((await transfer.reaches('TERMINATED', 'DEPROVISIONED')).errorDetail, why)
  }
})

await t.test('EDC reports the end of a push', async (t) => {
  const before = (await host.jobs()).map(({ job_uuid: id }) => id)
  const transfer = await dataspace.transfer('data', { sink: `${sink.url}/second` })
  await transfer.reaches('COMPLETED', 'DEPROVISIONING_REQUESTED')
  const [id, ...others] = (await host.jobs()).map(({ job_uuid: id }) => id).filter((id) => !before.includes(id))
  t.strictSame(others, [])
  await poll('the end is known', async () => transferOf((await readRecord(store, id!))!.record)?.ended_at !== undefined)
})

await t.test('the consumer ends a transfer while its job runs', async (t) => {
  const transfer = await dataspace.transfer('endless')
  const id = await running()
  await transfer.terminate()
  await pinged('the job ends', async () => (await host.job(id)).state === 'canceled')
  t.equal((await host.job(id)).reason, 'TransferEnded')
})

await t.test('a connector that hangs when the job ends is called again', async (t) => {
  const transfer = await dataspace.transfer('slow')
  const id = await running()
  provider.freeze(true)
  const tries = async (): Promise<{ error?: string, status?: number }[]> => {
    const { callbacks } = await (await fetch(`${host.url}/job/${id}/callback`)).json() as any
    return callbacks[0]?.attempts ?? []
  }
  await poll('the first try has failed', async () => (await tries())[0]?.error === 'Timeout', 60)
  provider.freeze(false)
  await transfer.reaches('STARTED', 'STARTED')
  await poll('the second try has ended', async () => (await tries()).at(-1)?.status)
  t.equal(await (await poll('there is an EDR', async () => await transfer.pull())).text(), 'late\n')
})
