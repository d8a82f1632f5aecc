import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose'
import type { Test } from 'tap'
import { codeFlow } from './code-flow.ts'
import { httpServer, type Received } from './http-server.ts'

export const AUDIENCE = 'gx4ki-jobs'

/** Starts a small issuer of tokens on loopback, with discovery. Its keys can be changed. */
export async function oidcIssuer (
  t: Test,
  { jwksPath = '/keys' }: { jwksPath?: string } = {}
) {
  const key = async (kid: string, alg = 'RS256') => ({ kid, alg, ...await generateKeyPair(alg, { extractable: true }) })
  let keys = [await key('first')]
  let isDown = false
  let user = 'alice'
  const { url, received } = await httpServer(t, async (request, response) => {
    if (isDown) return response.writeHead(500).end('the issuer is down')
    // Like the API server, which has its keys in this media type only.
    if (request.url === jwksPath && !/application\/jwk-set\+json|\*\/\*/.test(request.headers.accept ?? '*/*')) {
      return response.writeHead(406).end()
    }
    // The page asks from another origin.
    const headers = { 'content-type': 'application/json', 'access-control-allow-origin': '*' }
    const body = await bodyFor(request)
    if (body instanceof URL) return response.writeHead(302, { location: body.href }).end()
    response.writeHead(body === undefined ? 404 : 200, headers).end(JSON.stringify(body))
  })
  const flow = codeFlow(url)

  /** The JSON of an answer, or where the browser goes. */
  async function bodyFor ({ url: target, body }: Received): Promise<object | undefined> {
    const { pathname, searchParams } = new URL(target, url)
    switch (pathname) {
      case '/.well-known/openid-configuration': return {
        issuer: url,
        jwks_uri: `${url}${jwksPath}`,
        authorization_endpoint: `${url}/authorize`,
        token_endpoint: `${url}/token`
      }
      case jwksPath: return {
        keys: await Promise.all(
          keys.map(async ({ kid, alg, publicKey }) => ({ kid, alg, use: 'sig', ...await exportJWK(publicKey) }))
        )
      }
      case '/authorize': return new URL(flow.authorize(searchParams))
      case '/token': return flow.isGranted(new URLSearchParams(body.toString()))
        ? { access_token: await token(), refresh_token: 'a refresh token' }
        : undefined
    }
  }

  const now = (): number => Math.floor(Date.now() / 1000)

  /** A valid token, except for the given claims. A claim that is `undefined` is left out. */
  async function token (claims: JWTPayload = {}, signer = keys[0]!): Promise<string> {
    const payload = {
      iss: url,
      aud: AUDIENCE,
      sub: user,
      exp: now() + 300,
      scope: 'openid jobs:read jobs:write',
      ...claims
    }
    return await new SignJWT(payload).setProtectedHeader({ alg: signer.alg, kid: signer.kid }).sign(signer.privateKey)
  }

  return {
    url,
    received,
    key,
    settings: { OIDC_ISSUER: url, OIDC_AUDIENCE: AUDIENCE },
    token,
    now,
    setKeys: (next: typeof keys): void => {
      keys = next
    },
    /** Who has the tokens from now on. */
    setUser: (next: string): void => {
      user = next
    },
    setDown: (down: boolean): void => {
      isDown = down
    }
  }
}
