import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'
import { Type, type Static, type TObject } from 'typebox'

export const egressSettings = {
  EGRESS_ALLOWED_ORIGINS: Type.String({
    default: '',
    description: 'Origins (scheme://host:port) of receivers in private networks, separated by commas or spaces'
  }),
  EGRESS_DENIED_RANGES: Type.String({
    default: '',
    description: 'Public address ranges (CIDR) that callbacks must not reach, separated by commas or spaces'
  })
}

type Range = ReturnType<typeof ipaddr.parseCIDR>

/** Which addresses a request may reach if its URL comes from outside. */
export interface EgressRules {
  /** Origins that are allowed with any address, and without TLS if their scheme is http. */
  allowed: ReadonlySet<string>
  denied: readonly Range[]
}

/**
 * Addresses that are global in IANA's registries but lead into a cloud provider's internal network:
 * https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16
 */
const INSIDE: readonly Range[] = [ipaddr.parseCIDR('168.63.129.16/32')]

/**
 * The only IPv6 range that IANA has assigned for global unicast (RFC 4291, 2.4). Other addresses lead nowhere, or are
 * translated to another address.
 */
const GLOBAL_IPV6 = ipaddr.parseCIDR('2000::/3')

/**
 * Names that no public name server resolves: names inside clusters, clouds and home networks, and text that is not a
 * host name.
 */
const INTERNAL_NAME = /^[^.]*$|\.(localhost|local|internal|svc|lan|home\.arpa)$|^\.|\.\.|\.$/

/** Throws an Error that names the invalid setting. */
export function egressRules (
  { EGRESS_ALLOWED_ORIGINS: origins, EGRESS_DENIED_RANGES: ranges }: Static<TObject<typeof egressSettings>>
): EgressRules {
  return {
    allowed: new Set(listed('EGRESS_ALLOWED_ORIGINS', origins, originOf)),
    denied: listed('EGRESS_DENIED_RANGES', ranges, (text) => ipaddr.parseCIDR(text))
  }
}

/** The origin in its canonical form `scheme://host:port`. Throws when the text is not an origin. */
export function originOf (text: string): string {
  const url = new URL(text)
  if (!/^https?:$/.test(url.protocol) || url.href !== `${url.origin}/`) throw new Error('not scheme://host:port')
  return url.origin
}

/**
 * Why a URL is refused, as far as this can be decided without a name server; `undefined` if it is accepted. The text
 * fits after the name of a field.
 */
export function refusedUrl (text: string, { allowed, denied }: EgressRules): string | undefined {
  if (!URL.canParse(text)) return 'must be an absolute URL'
  const { protocol, username, password, origin } = new URL(text)
  if (protocol !== 'https:' && protocol !== 'http:') return 'must begin with https://'
  if (username !== '' || password !== '') return 'must not have a user name or password'
  if (allowed.has(origin)) return undefined
  if (protocol === 'http:') return 'must begin with https://'
  const host = hostOf(new URL(text))
  if (isIP(host) !== 0) return isPublic(host, denied) ? undefined : 'must have a public address'
  return INTERNAL_NAME.test(host) ? 'must have a public host name' : undefined
}

/**
 * The host name or address as resolvers and certificates use it: without brackets, and without the final dot of an
 * absolute name.
 */
export function hostOf ({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$|\.$/g, '')
}

/** Whether an address is on the public Internet and not in a denied range. */
export function isPublic (address: string, denied: readonly Range[]): boolean {
  const ip = ipaddr.parse(address)
  if (ip.range() !== 'unicast' || (ip.kind() === 'ipv6' && !isWithin(ip, GLOBAL_IPV6))) return false
  return ![...INSIDE, ...denied].some((range) => isWithin(ip, range))
}

function isWithin (ip: ReturnType<typeof ipaddr.parse>, range: Range): boolean {
  return ip.kind() === range[0].kind() && ip.match(range)
}

function listed<T> (setting: string, text: string, parse: (item: string) => T): T[] {
  return text.split(/[\s,]+/).filter((item) => item !== '').map((item) => {
    try {
      return parse(item)
    } catch (cause) {
      throw new Error(`wrong settings: environment.${setting} has an invalid entry: ${item}`, { cause })
    }
  })
}
