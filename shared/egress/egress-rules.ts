import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'
import { Type, type Static, type TObject } from 'typebox'

export const egressSettings = {
  EGRESS_ALLOWED_ORIGINS: Type.String({
    default: '',
    description: 'scheme://host:port of receivers in private networks, separated by commas or spaces'
  }),
  EGRESS_DENIED_RANGES: Type.String({
    default: '',
    description: 'CIDRs that are not private and must not be reached all the same'
  })
}

type Range = ReturnType<typeof ipaddr.parseCIDR>

/** Where a request may go whose URL came from outside. */
export interface EgressRules {
  /** Whatever address they have, and without TLS if they say so. */
  allowed: ReadonlySet<string>
  denied: readonly Range[]
}

/**
 * What IANA's registries call global is not always outside:
 * https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16
 */
const INSIDE: readonly Range[] = [ipaddr.parseCIDR('168.63.129.16/32')]

/** All that IANA has given out (RFC 4291, 2.4); the rest of IPv6 leads nowhere, or somewhere else than it says. */
const GLOBAL_IPV6 = ipaddr.parseCIDR('2000::/3')

/**
 * Names that no public name server answers for: those of our and other people's clusters, clouds and homes, and what is
 * no name at all.
 */
const INTERNAL_NAME = /^[^.]*$|\.(localhost|local|internal|svc|lan|home\.arpa)$|^\.|\.\.|\.$/

/** Throws with the name of the setting that is wrong. */
export function egressRules (
  { EGRESS_ALLOWED_ORIGINS: origins, EGRESS_DENIED_RANGES: ranges }: Static<TObject<typeof egressSettings>>
): EgressRules {
  return {
    allowed: new Set(listed('EGRESS_ALLOWED_ORIGINS', origins, originOf)),
    denied: listed('EGRESS_DENIED_RANGES', ranges, (text) => ipaddr.parseCIDR(text))
  }
}

/** `scheme://host:port` in its one spelling. */
export function originOf (text: string): string {
  const url = new URL(text)
  if (!/^https?:$/.test(url.protocol) || url.href !== `${url.origin}/`) throw new Error('not scheme://host:port')
  return url.origin
}

/** What is wrong with a URL, as far as that can be said without a name server; it fits behind the name of a field. */
export function refusedUrl (text: string, { allowed, denied }: EgressRules): string | undefined {
  if (!URL.canParse(text)) return 'must be an absolute URL'
  const { protocol, username, password, origin } = new URL(text)
  if (protocol !== 'https:' && protocol !== 'http:') return 'must begin with https://'
  if (username !== '' || password !== '') return 'must not have a user name or password'
  if (allowed.has(origin)) return undefined
  if (protocol === 'http:') return 'must begin with https://'
  const host = hostOf(new URL(text))
  if (isIP(host) !== 0) return isPublic(host, denied) ? undefined : 'must not lead to an address that is not public'
  return INTERNAL_NAME.test(host) ? 'must have a public host name' : undefined
}

/**
 * The name or address, as a resolver and a certificate have it: without brackets, and without the dot of an absolute
 * name.
 */
export function hostOf ({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$|\.$/g, '')
}

/** Whether an address belongs to somebody on the Internet, and is not among the denied ones. */
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
      throw new Error(`wrong settings: environment.${setting} cannot have ${item}`, { cause })
    }
  })
}
