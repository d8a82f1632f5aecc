import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'

/**
 * Has a server of the test's own listen until the test ends, which cuts off what is under way; answers its URL. On the
 * cluster of the end-to-end suite the pods have to reach it.
 */
export async function listen (
  t: Test,
  server: Server,
  address = process.env['E2E_NODE_ADDRESS'] ?? '127.0.0.1'
): Promise<string> {
  server.listen(0, address)
  await once(server, 'listening')
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  return `http://${address}:${(server.address() as AddressInfo).port}`
}
