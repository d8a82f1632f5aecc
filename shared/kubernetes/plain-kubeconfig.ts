import { type ApiServer, apiServerAt, type TlsOptions } from './api-server.ts'

interface Kubeconfig {
  clusters?: { name?: string, cluster?: Fields }[]
  users?: { name?: string, user?: Fields }[]
  contexts?: { name?: string, context?: { cluster?: string, user?: string } }[]
  'current-context'?: string
}

type Fields = Record<string, unknown>

/**
 * The API server of a kubeconfig that needs no more than an address, a certificate authority and a token, as that of
 * the local host and of a ServiceAccount. `undefined` for any other, which is read by client-node: it takes longer to
 * load than a function needs for all else. Plain HTTP needs `insecure-skip-tls-verify`, as client-node wants it.
 */
export function plainKubeconfig (config: unknown): ApiServer | undefined {
  const { clusters, users, contexts, 'current-context': current } = config as Kubeconfig
  const { context } = contexts?.find(({ name }) => name === current) ?? {}
  const { cluster } = clusters?.find(({ name }) => name === context?.cluster) ?? {}
  const { user } = users?.find(({ name }) => name === context?.user) ?? {}
  const { server, 'certificate-authority-data': ca, 'insecure-skip-tls-verify': isTrusted = false, ...more } =
    cluster ?? {}
  const { token, ...others } = user ?? {}
  if (Object.keys(more).length > 0 || Object.keys(others).length > 0) return undefined
  if (typeof server !== 'string' || typeof token !== 'string' || typeof isTrusted !== 'boolean') return undefined
  if (!(server.startsWith('https:') || (server.startsWith('http:') && isTrusted))) return undefined
  if (ca !== undefined && typeof ca !== 'string') return undefined
  const tls: TlsOptions = {
    ...(ca !== undefined && { ca: Buffer.from(ca, 'base64') }),
    ...(isTrusted && { rejectUnauthorized: false })
  }
  return apiServerAt(server, tls, async () => ({ authorization: `Bearer ${token}` }))
}
