import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'

/** Free ports of 127.0.0.1. All are open at the same time before they are closed, so no two are equal. */
export async function freePorts (count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'))
  await Promise.all(servers.map((server) => once(server, 'listening')))
  const ports = servers.map((server) => (server.address() as AddressInfo).port)
  await Promise.all(servers.map((server) => once(server.close(), 'close')))
  return ports
}
