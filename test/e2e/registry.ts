import { createHash } from 'node:crypto'
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { NODE_ADDRESS } from './control-plane.ts'

/** The port of the registry from which the node's containerd pulls the image of the CARLA template. */
export const REGISTRY_PORT = 5000

export interface Registry {
  pulls: number
  close: () => void
}

/**
 * Starts a private registry for containerd. It serves one image, an OCI archive, only to a client that sends the user
 * name and the password (OCI distribution 1.1, pull only).
 */
export async function startRegistry (
  archive: string,
  { user, password }: { user: string, password: string }
): Promise<Registry> {
  const folder = mkdtempSync(join(tmpdir(), 'registry-'))
  execFileSync('tar', ['-xf', archive, '-C', folder])
  const { manifests: [manifest] } = JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8')) as {
    manifests: { digest: string, mediaType: string }[]
  }
  const blob = (digest: string): string => join(folder, 'blobs/sha256', digest.replace('sha256:', ''))
  const expected = createHash('sha256').update(`Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`).digest(
    'hex'
  )

  const server: Server = createServer((request, response) => {
    if (createHash('sha256').update(request.headers.authorization ?? '').digest('hex') !== expected) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="registry"' }).end()
      return
    }
    const [, kind, reference = ''] = /^\/v2\/.+\/(manifests|blobs)\/([^/?]+)/.exec(request.url!) ?? []
    const digest = kind === 'manifests' && !reference.startsWith('sha256:') ? manifest!.digest : reference
    if (kind === undefined || !existsSync(blob(digest))) {
      response.writeHead(request.url === '/v2/' ? 200 : 404).end()
      return
    }
    const bytes = readFileSync(blob(digest))
    if (kind === 'manifests' && request.method === 'GET') registry.pulls++
    const type = kind === 'manifests' ? manifest!.mediaType : 'application/octet-stream'
    response.writeHead(200, { 'content-type': type, 'content-length': bytes.length, 'docker-content-digest': digest })
    response.end(request.method === 'HEAD' ? undefined : bytes)
  })
  await new Promise<void>((resolve) => server.listen(REGISTRY_PORT, NODE_ADDRESS, resolve))

  const registry: Registry = {
    pulls: 0,
    close () {
      server.closeAllConnections()
      server.close()
      rmSync(folder, { recursive: true })
    }
  }
  return registry
}
