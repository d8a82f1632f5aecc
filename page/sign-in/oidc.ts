import { type Credential, credential, signInWith } from './credential.ts'
import { challengeOf, randomText } from './pkce.ts'
import type { PageSettings } from './page-settings.ts'
import { storeTyped } from './typed.ts'

interface Begun {
  state: string
  verifier: string
  issuer: string
  clientId: string
  endpoint: string
  hash: string
}

interface Tokens {
  access_token: string
  refresh_token?: string
}

const PLACE = 'gx4ki.sign-in'
const redirectUri = (): string => location.origin + location.pathname

/** Leaves for the issuer: code flow with PKCE (RFC 7636). The issuer sends the visitor back to this address. */
export async function beginSignIn (
  { issuer, client_id: clientId, scope }: NonNullable<PageSettings['oidc']>
): Promise<void> {
  const answer = await fetch(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`)
  if (!answer.ok) throw new Error(`The issuer ${issuer} answers ${answer.status} to this page`)
  const found = await answer.json() as { authorization_endpoint: string, token_endpoint: string }
  const begun: Begun = {
    state: randomText(),
    verifier: randomText(),
    issuer,
    clientId,
    endpoint: found.token_endpoint,
    hash: location.hash
  }
  sessionStorage.setItem(PLACE, JSON.stringify(begun))
  storeTyped()
  const target = new URL(found.authorization_endpoint)
  const parameters = {
    response_type: 'code',
    client_id: clientId,
    redirect_uri: redirectUri(),
    scope,
    state: begun.state,
    code_challenge: challengeOf(begun.verifier),
    code_challenge_method: 'S256'
  }
  for (const [name, value] of Object.entries(parameters)) target.searchParams.set(name, value)
  location.assign(target)
}

/** Takes what the issuer has put into the address. Returns why that is no sign-in, or `undefined`. */
export async function finishSignIn (): Promise<string | undefined> {
  const answer = new URLSearchParams(location.search)
  const state = answer.get('state')
  if (state === null) return undefined
  const begun = JSON.parse(sessionStorage.getItem(PLACE) ?? 'null') as Begun | null
  sessionStorage.removeItem(PLACE)
  history.replaceState(null, '', location.pathname + (begun?.hash ?? ''))
  // RFC 9207: the answer of another issuer is not taken.
  const issuer = answer.get('iss')
  if (begun?.state !== state || (issuer !== null && issuer !== begun.issuer)) {
    return 'The answer of the issuer does not belong to a sign-in of this tab; sign in again'
  }
  const code = answer.get('code')
  if (code === null) return `The issuer has refused: ${answer.get('error_description') ?? answer.get('error')}`
  try {
    const { endpoint, clientId, verifier } = begun
    const found = await tokens(endpoint, {
      grant_type: 'authorization_code',
      code,
      redirect_uri: redirectUri(),
      client_id: clientId,
      code_verifier: verifier
    })
    signInWith(credentialOf(found, endpoint, clientId))
    return undefined
  } catch (error) {
    return (error as Error).message
  }
}

let renewing: Promise<boolean> | undefined

/** Gets a new token with the refresh token, if there is one. Requests that need it at the same time share it. */
export async function renew (): Promise<boolean> {
  const held = credential.peek()
  const refresh = held?.refresh
  if (refresh === undefined) return false
  renewing ??= tokens(refresh.endpoint, {
    grant_type: 'refresh_token',
    refresh_token: refresh.token,
    client_id: refresh.clientId
  }).then((found) => {
    // Meanwhile the visitor may have signed out.
    if (credential.peek() !== held) return false
    credential.value = credentialOf({ refresh_token: refresh.token, ...found }, refresh.endpoint, refresh.clientId)
    return true
  }, () => false).finally(() => {
    renewing = undefined
  })
  return await renewing
}

function credentialOf (
  { access_token: token, refresh_token: refresh }: Tokens,
  endpoint: string,
  clientId: string
): Credential {
  return { token, ...(refresh !== undefined && { refresh: { token: refresh, endpoint, clientId } }) }
}

async function tokens (endpoint: string, form: Record<string, string>): Promise<Tokens> {
  const answer = await fetch(endpoint, { method: 'POST', body: new URLSearchParams(form), credentials: 'omit' })
  if (!answer.ok) throw new Error(`The issuer has given no token: it answers ${answer.status}`)
  return await answer.json() as Tokens
}
