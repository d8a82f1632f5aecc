import { isIP } from 'node:net'

/**
 * The proxies whose `X-Forwarded-For` is believed: addresses and ranges (CIDR), separated by commas or spaces. Throws
 * if one of them is neither.
 */
export function trustedProxies (text: string): string[] {
  const proxies = text.split(/[\s,]+/).filter((proxy) => proxy !== '')
  for (const proxy of proxies) {
    const [address = '', bits, ...rest] = proxy.split('/')
    const longest = isIP(address) === 6 ? 128 : 32
    const isRange = bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= longest)
    if (isIP(address) === 0 || !isRange || rest.length > 0) {
      throw new Error(`wrong settings: TRUSTED_PROXIES contains ${proxy}, which is not an address or a range (CIDR)`)
    }
  }
  return proxies
}
