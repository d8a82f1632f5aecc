import { randomUUID } from 'node:crypto'
import t from 'tap'
import type { ConnectorDeps } from '../../../../functions/deploy/connector/connector-deps.ts'
import { watchTransfers } from '../../../../functions/deploy/connector/watch-transfers.ts'
import type { Connector } from '../../../../shared/connector/connectors.ts'
import type { Transfer } from '../../../../shared/job/transfer.ts'
import { newRecord } from '../../../support/new-record.ts'
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
  const open = Array.from({ length: AT_ONCE + 4 }, () => {
    const id = randomUUID()
    stub.transfers.set(id, { id, definition: 'd', asset: 'a', state: 'PROVISIONING_REQUESTED', callbacks: [] })
    return {
      id: newRecord().job_uuid,
      transfer: { connector: 'provider', transfer: id } as Transfer,
      isWaiting: true
    }
  })
  const others = { 400: 4, 404: 4, 409: 4, 401: 0, 403: 0, 429: 0, 500: 0, 503: 0 }
  for (const [status, asked] of Object.entries(others)) {
    stub.failures.push(...Array.from({ length: AT_ONCE }, () => Number(status)))
    const outcomes: (string | Error)[] = []
    await watchTransfers(deps, open, (_, outcome) => outcomes.push(outcome))
    t.equal(outcomes.filter((one) => one instanceof Error).length, AT_ONCE, status)
    t.equal(outcomes.filter((one) => one === 'callback hastened').length, asked, `${status}: the others are asked`)
  }
})
