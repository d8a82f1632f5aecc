import { randomUUID } from 'node:crypto'
import t from 'tap'
import type { ConnectorDeps } from '../../../../functions/deploy/connector/connector-deps.ts'
import { watchTransfers } from '../../../../functions/deploy/connector/watch-transfers.ts'
import type { Connector } from '../../../../shared/connector/connectors.ts'
import type { Transfer } from '../../../../shared/job/transfers/transfer.ts'
import { openRecord } from '../../../support/open-record.ts'
import { testStore } from '../../../support/store.ts'
import { stubConnector } from '../../../support/stub-connector.ts'
import { temporaryFolder } from '../../../support/temporary-folder.ts'

/** A ping asks about this many transfers at once. */
const AT_ONCE = 16

await t.test('an error that concerns one transfer does not silence its connector, other errors do', async (t) => {
  const stub = await stubConnector(t)
  const connector: Connector = { name: 'provider', protocol: 'http-provisioner', management_url: stub.url }
  const deps = {
    store: await testStore(t),
    remind: () => {},
    connectors: () => ({ usable: new Map([['provider', connector]]), refused: new Map() }),
    connectorSecrets: temporaryFolder(t, { 'provider.management-key': 'password' })
  } as unknown as ConnectorDeps
  const later = new Date(Date.now() + 3600_000).toISOString()
  const open = await Promise.all(Array.from({ length: AT_ONCE + 4 }, async () => {
    const id = randomUUID()
    stub.transfers.set(id, { id, definition: 'd', asset: 'a', state: 'PROVISIONING_REQUESTED', callbacks: [] })
    return {
      connector: 'provider',
      transfer: id,
      id: await openRecord(deps.store, {})
    }
  }))
  /** The jobs have ended, and a call about each has failed once. */
  const failOnce = async () => {
    for (const { id, transfer } of open) {
      await openRecord(deps.store, {
        job_uuid: id,
        state: 'succeeded',
        targets: [{ kind: 'http-provisioner', connector: 'provider', transfer, answered_at: '2026-11-22T12:00:00.000Z' } as unknown as Transfer],
        callbacks: [{
          id: '0-provision',
          target: 0,
          call: 'provision',
          state: 'owed',
          due_at: later,
          attempts: [{ at: later, status: 503 }]
        }]
      })
    }
  }
  const others = { 400: 4, 404: 4, 409: 4, 401: 0, 403: 0, 429: 0, 500: 0, 503: 0 }
  for (const [status, asked] of Object.entries(others)) {
    await failOnce()
    stub.failures.push(...Array.from({ length: AT_ONCE }, () => Number(status)))
    const outcomes: (string | Error)[] = []
    await watchTransfers(deps, open, (_, outcome) => outcomes.push(outcome))
    t.equal(outcomes.filter((one) => one instanceof Error).length, AT_ONCE, status)
    t.equal(outcomes.filter((one) => one === 'callback hastened').length, asked, `${status}: the others are asked`)
  }
})
