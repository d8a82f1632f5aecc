import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'

/** Has a server of the test's own listen until the test ends, which cuts off what is under way; answers its URL. */
export async function listen (t: Test, server: Server, address = '127.0.0.1'): Promise<string> {
  server.listen(0, address)
  await once(server, 'listening')
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  return `http://${address}:${(server.address() as AddressInfo).port}`
}
