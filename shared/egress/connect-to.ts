import { once } from 'node:events'
import net, { isIP } from 'node:net'
import tls from 'node:tls'
import ipaddr from 'ipaddr.js'
import { type EgressRules, hostOf, isPublic } from './egress-rules.ts'
import { failed, failureOf, orFail } from './failure.ts'

/** The network functions that a guarded request uses. */
export interface Wire {
  lookup: (name: string) => Promise<string[]>
  connect: (address: string, port: number) => net.Socket
}

/** For each address, because one of several addresses may drop all packets. */
const CONNECT_MS = 5_000

/**
 * Connects to the host of a URL from outside. The name is resolved once, every resolved address must be allowed, and
 * the connection goes to one of these addresses. Throws an Error with a `failure`.
 */
export async function connectTo (
  url: URL,
  rules: EgressRules,
  wire: Wire,
  late: AbortSignal
): Promise<net.Socket> {
  const addresses = await resolve(url, rules, wire, late)
  const isSecure = url.protocol === 'https:'
  const socket = await connectToOne(addresses, Number(url.port || (isSecure ? 443 : 80)), wire, late)
  if (!isSecure) return socket
  const host = hostOf(url)
  const secure = tls.connect({
    socket,
    host,
    ...(isIP(host) === 0 && { servername: host }),
    ALPNProtocols: ['http/1.1']
  })
  try {
    await orFail('TlsError', late, once(secure, 'secureConnect', { signal: late }))
    return secure
  } catch (error) {
    secure.destroy()
    throw error
  }
}

async function resolve (
  url: URL,
  { allowed, denied }: EgressRules,
  wire: Wire,
  late: AbortSignal
): Promise<string[]> {
  const host = hostOf(url)
  const isAllowed = allowed.has(url.origin)
  // The final dot makes the resolver look up a public name as it is. Without it, resolv.conf in a cluster makes the
  // resolver try the cluster's names first.
  const addresses = isIP(host) !== 0
    ? [host]
    : await orFail('DnsError', late, Promise.race([wire.lookup(isAllowed ? host : `${host}.`), aborted(late)]))
  if (addresses.length === 0) throw failed('DnsError', `${host} has no address`)
  const refused = isAllowed ? undefined : addresses.find((address) => !isPublic(address, denied))
  if (refused !== undefined) {
    throw failed('EgressDenied', `${host} has the address ${refused}, which is not public or is denied`)
  }
  return addresses
}

async function connectToOne (
  addresses: string[],
  port: number,
  wire: Wire,
  late: AbortSignal
): Promise<net.Socket> {
  for (const [at, address] of addresses.entries()) {
    const socket = wire.connect(address, port)
    // The user of the socket gets the error as well. Without a listener here, an error at any other time would end the
    // process.
    socket.on('error', () => {})
    try {
      await orFail(
        undefined,
        late,
        once(socket, 'connect', { signal: AbortSignal.any([late, AbortSignal.timeout(CONNECT_MS)]) })
      )
      if (!isSame(socket.remoteAddress, address)) {
        throw failed('EgressDenied', `connected to ${socket.remoteAddress} instead of ${address}`)
      }
      return socket
    } catch (error) {
      socket.destroy()
      if (late.aborted || failureOf(error) === 'EgressDenied' || at === addresses.length - 1) throw error
    }
  }
  throw new Error('no address to connect to')
}

async function aborted (signal: AbortSignal): Promise<never> {
  await once(signal, 'abort')
  throw signal.reason
}

function isSame (connected: string | undefined, address: string): boolean {
  return connected !== undefined &&
    ipaddr.parse(connected).toNormalizedString() === ipaddr.parse(address).toNormalizedString()
}
