import { createHash, randomUUID } from 'node:crypto'

/** The code flow with PKCE (RFC 6749 and 7636) of an issuer whose user agrees at once. */
export function codeFlow (issuer: string) {
  const codes = new Map<string, { challenge: string, clientId: string, redirectUri: string }>()
  return {
    /** Where the browser goes after a request to the authorization endpoint. */
    authorize (request: URLSearchParams): string {
      const code = randomUUID()
      const [challenge, clientId, redirectUri] =
        ['code_challenge', 'client_id', 'redirect_uri'].map((name) => request.get(name) ?? '') as [string, string, string]
      codes.set(code, { challenge, clientId, redirectUri })
      const answer = new URLSearchParams({ code, state: request.get('state') ?? '', iss: issuer })
      return `${redirectUri}?${answer}`
    },
    /** Whether a request to the token endpoint gets a token. A code is good once. */
    isGranted (form: URLSearchParams): boolean {
      if (form.get('grant_type') === 'refresh_token') return form.get('refresh_token') === 'a refresh token'
      const begun = codes.get(form.get('code') ?? '')
      codes.delete(form.get('code') ?? '')
      const challenge = createHash('sha256').update(form.get('code_verifier') ?? '').digest('base64url')
      return begun?.challenge === challenge && begun.clientId === form.get('client_id') &&
        begun.redirectUri === form.get('redirect_uri')
    }
  }
}
