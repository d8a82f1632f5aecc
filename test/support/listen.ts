import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'

/**
 * Starts a server for one test and returns its URL. When the test ends, the server closes with all its connections. In
 * the end-to-end suite the server listens on the address of the node, because pods must reach it.
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
