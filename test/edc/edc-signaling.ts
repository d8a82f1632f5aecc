import t from 'tap'
import { stateKey } from '../../shared/store/bucket-layout.ts'
import { removeObject } from '../../shared/store/object-store.ts'
import { httpServer } from '../support/http-server.ts'
import { poll } from '../support/poll.ts'
import { connected, script } from './connected.ts'

const NS = 'https://w3id.org/edc/v0.0.1/ns/'

/** The consumer's application. Its connector keeps no EDRs, and sends them as events. */
const application = await httpServer(t)

const { host, dataspace, sink, store, running } = await connected(t, '0.15.1', {
  table: ({ urls }) => ({
    protocol: 'edc-signaling',
    registration_url: urls.control,
    assets_decide: true,
    assets: {
      data: script('echo hello > result.txt'),
      failing: script('exit 3'),
      nameless: script('echo a > other.txt'),
      endless: script('trap "exit 1" TERM; while :; do sleep 0.1; done')
    }
  }),
  settings: () => ({ 'edc.data.plane.selector.state-machine.check.period': '1' })
})
await dataspace.offer({
  data: { type: 'SimulationJob' },
  failing: { type: 'SimulationJob' },
  nameless: { type: 'SimulationJob' },
  endless: { type: 'SimulationJob' },
  own: { type: 'SimulationJob', jobTemplate: 'script', script: 'echo own > own.txt', result: 'own.txt' },
  weather: { type: 'SimulationJob' }
})

/** What the consumer's application gets with the newest EDR of a transfer. */
async function pull (id: string): Promise<[number, string]> {
  const { dataAddress } = await poll('there is an EDR', () =>
    application.received.map(({ body }) => JSON.parse(body.toString()).payload)
      .findLast(({ transferProcessId }) => transferProcessId === id))
  const of = (name: string): string => dataAddress.properties[NS + name]
  const response = await fetch(of('endpoint'), { headers: { authorization: of('authorization') } })
  return [response.status, response.ok ? await response.text() : '']
}

await t.test('a pull: suspended, resumed, ended', async (t) => {
  const transfer = await dataspace.transfer('data', { events: application.url })
  await transfer.reaches('STARTED', 'STARTED')
  t.strictSame(await pull(transfer.id), [200, 'hello\n'])
  await transfer.suspend()
  await transfer.reaches('SUSPENDED', 'SUSPENDED')
  t.strictSame(await pull(transfer.id), [403, ''])
  await transfer.resume()
  await transfer.reaches('STARTED', 'STARTED')
  t.strictSame(await pull(transfer.id), [200, 'hello\n'])
  await transfer.terminate()
  await transfer.reaches('TERMINATED', 'DEPROVISIONED')
  t.strictSame(await pull(transfer.id), [403, ''])
})

await t.test('many transfers at once, also some that can never be met', async (t) => {
  const good = await Promise.all([
    ...Array.from({ length: 5 }, async () => await dataspace.transfer('data', { events: application.url })),
    dataspace.transfer('own', { events: application.url })
  ])
  const push = await dataspace.transfer('data', { sink: `${sink.url}/push` })
  const ends = {
    weather: /failed: InvalidAsset: The data address of the asset weather has no property jobTemplate/,
    failing: /failed: BackoffLimitExceeded, exit code 3$/,
    nameless: /succeeded, but made no file result\.txt$/
  }
  const bad = await Promise.all(
    Object.entries(ends).map(async ([asset, why]) => ({ why, transfer: await dataspace.transfer(asset) }))
  )
  const nowhere = await dataspace.transfer('data', { sink: 'http://10.1.2.3/in' })
  bad.push({ why: /failed: InvalidDestination: destinationDataAddress\.baseUrl must begin with https/, transfer: nowhere })

  await Promise.all(good.map(async (transfer) => await transfer.reaches('STARTED', 'STARTED')))
  t.strictSame(await pull(good[0]!.id), [200, 'hello\n'])
  t.strictSame(await pull(good.at(-1)!.id), [200, 'own\n'])
  await push.reaches('COMPLETED', 'DEPROVISIONED')
  t.strictSame(sink.received.map(({ url, body }) => [url, body.toString()]), [['/push', 'hello\n']])
  for (const { why, transfer } of bad) {
    t.match((await transfer.reaches('TERMINATED', 'DEPROVISIONED')).errorDetail, why)
  }
})

await t.test('the consumer ends a transfer while its job runs', async (t) => {
  const transfer = await dataspace.transfer('endless')
  const id = await running()
  await transfer.terminate()
  t.equal((await host.reaches(id, 'canceled')).reason, 'TransferEnded')
  await transfer.reaches('TERMINATED', 'DEPROVISIONED')
})

await t.test('the job of a started transfer was removed', async (t) => {
  const transfer = await dataspace.transfer('data', { events: application.url })
  await transfer.reaches('STARTED', 'STARTED')
  for (const { job_uuid: id } of await host.jobs()) await removeObject(store, stateKey(id))
  await transfer.suspend()
  await transfer.reaches('SUSPENDED', 'SUSPENDED')
  await transfer.terminate()
  await transfer.reaches('TERMINATED', 'DEPROVISIONED')
  t.notOk(host.log.some((line) => line.includes('unknown-transfer')), 'no signal was refused')
})
