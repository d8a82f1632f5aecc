import { Resolver } from 'node:dns/promises'
import { promises as fs } from 'node:fs'
import { isIP } from 'node:net'

/** Where a name is looked up: the files of the system, and the name servers that they name. */
export interface NameSources {
  hostsFile: string
  resolvConf: string
  /** Instead of those in `resolvConf`. */
  servers?: string[]
}

const system: NameSources = { hostsFile: '/etc/hosts', resolvConf: '/etc/resolv.conf' }

/** For each server; every further try waits longer. */
const TIMEOUT_MS = 2_000
const TRIES = 2

/** What a server answers when a name does not exist, or cannot tell: the next name of the search list may exist. */
const GO_ON = new Set(['ENOTFOUND', 'ENODATA', 'ESERVFAIL', 'EREFUSED'])

/**
 * The addresses of a name, IPv4 first. It does not use `dns.lookup`, which takes one of libuv's four threads until the
 * name servers answer: four names of a silent server would stop all look-ups of the process, also those of the store.
 * With a final dot, a name is looked up as it is. Without it, it is looked up as getaddrinfo does: in the hosts file,
 * and with the search list and `ndots` of resolv.conf, which make the short names of a cluster work.
 */
export async function resolveName (name: string, sources = system): Promise<string[]> {
  if (name.endsWith('.')) return await query([name.slice(0, -1)], sources)
  const listed = inHosts(await fs.readFile(sources.hostsFile, 'utf8').catch(() => ''), name)
  if (listed.length > 0) return listed
  // RFC 6761, 6.3: no server is asked for it.
  if (/^(.*\.)?localhost$/i.test(name)) return ['127.0.0.1', '::1']
  return await query(candidates(await fs.readFile(sources.resolvConf, 'utf8').catch(() => ''), name), sources)
}

function inHosts (hosts: string, name: string): string[] {
  return hosts.split('\n').flatMap((line) => {
    const [address = '', ...names] = line.replace(/#.*/, '').trim().split(/\s+/)
    return isIP(address) !== 0 && names.some((one) => one.toLowerCase() === name.toLowerCase()) ? [address] : []
  })
}

/** The absolute names that a name may mean, in the order of resolv.conf(5). */
function candidates (resolvConf: string, name: string): string[] {
  const lines = resolvConf.split('\n').map((line) => line.replace(/[#;].*/, '').trim().split(/\s+/))
  // The last of these lines counts.
  const [, ...search] = lines.findLast(([keyword]) => keyword === 'search' || keyword === 'domain') ?? []
  const options = lines.flatMap(([keyword, ...rest]) => keyword === 'options' ? rest : [])
  const [, ndots = '1'] = options.map((option) => /^ndots:(\d+)$/.exec(option)).findLast((found) => found !== null) ?? []
  const searched = search.map((domain) => `${name}.${domain.replace(/\.$/, '')}`)
  return name.split('.').length - 1 >= Number(ndots) ? [name, ...searched] : [...searched, name]
}

async function query (names: string[], { servers }: NameSources): Promise<string[]> {
  const resolver = new Resolver({ timeout: TIMEOUT_MS, tries: TRIES })
  if (servers !== undefined) resolver.setServers(servers)
  let last: unknown
  for (const name of names) {
    const answers = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)])
    const addresses = answers.flatMap((answer) => answer.status === 'fulfilled' ? answer.value : [])
    if (addresses.length > 0) return addresses
    const errors = answers.flatMap((answer) => answer.status === 'rejected' ? [answer.reason as NodeJS.ErrnoException] : [])
    last = errors[0] ?? last
    if (!errors.every(({ code = '' }) => GO_ON.has(code))) break
  }
  throw last
}
