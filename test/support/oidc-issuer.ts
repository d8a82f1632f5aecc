import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose'
import type { Test } from 'tap'
import { httpServer } from './http-server.ts'

export const AUDIENCE = 'gx4ki-jobs'

/** Starts a small issuer of tokens on loopback, with discovery. Its keys can be changed. */
export async function oidcIssuer (
  t: Test,
  { jwksPath = '/keys' }: { jwksPath?: string } = {}
) {
  const key = async (kid: string, alg = 'RS256') => ({ kid, alg, ...await generateKeyPair(alg, { extractable: true }) })
  let keys = [await key('first')]
  let isDown = false
  const { url, received } = await httpServer(t, async (request, response) => {
    if (isDown) return response.writeHead(500).end('the issuer is down')
    // Like the API server, which has its keys in this media type only.
    if (request.url === jwksPath && !/application\/jwk-set\+json|\*\/\*/.test(request.headers.accept ?? '*/*')) {
      return response.writeHead(406).end()
    }
    const body = request.url === '/.well-known/openid-configuration'
      ? { issuer: url, jwks_uri: `${url}${jwksPath}` }
      : request.url === jwksPath
        ? {
            keys: await Promise.all(
              keys.map(async ({ kid, alg, publicKey }) => ({ kid, alg, use: 'sig', ...await exportJWK(publicKey) }))
            )
          }
        : undefined
    response.writeHead(body === undefined ? 404 : 200, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  })
  const now = (): number => Math.floor(Date.now() / 1000)

  return {
    url,
    received,
    key,
    settings: { OIDC_ISSUER: url, OIDC_AUDIENCE: AUDIENCE },
    /** A valid token, except for the given claims. A claim that is `undefined` is left out. */
    token: async (claims: JWTPayload = {}, signer = keys[0]!): Promise<string> =>
      await new SignJWT({
        iss: url,
        aud: AUDIENCE,
        sub: 'alice',
        exp: now() + 300,
        scope: 'openid jobs:read jobs:write',
        ...claims
      })
        .setProtectedHeader({ alg: signer.alg, kid: signer.kid }).sign(signer.privateKey),
    now,
    setKeys: (next: typeof keys): void => {
      keys = next
    },
    setDown: (down: boolean): void => {
      isDown = down
    }
  }
}
