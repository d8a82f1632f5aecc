import { useState } from 'preact/hooks'
import { Failure } from '../show/failure.tsx'
import { Heading } from '../show/heading.tsx'
import { useLoaded } from '../show/use-loaded.ts'
import { signInWith, whySignIn } from './credential.ts'
import { keyFault } from './key-fault.ts'
import { beginSignIn } from './oidc.ts'
import { pageSettings } from './page-settings.ts'

/** Shown over a view that the API refuses. The view keeps what was typed into it. */
export function SignIn () {
  const { value: why } = whySignIn
  const { value: settings, error, again } = useLoaded(pageSettings, [])
  const [key, setKey] = useState('')
  const [failed, setFailed] = useState<Error>()

  function begin (): void {
    if (settings?.oidc) beginSignIn(settings.oidc).catch(setFailed)
  }

  function signInWithKey (): void {
    const fault = keyFault(key.trim())
    whySignIn.value = fault
    if (fault === undefined) signInWith({ token: key.trim() })
  }

  return (
    <section class='sign-in'>
      <Heading>Sign in</Heading>
      {why !== undefined && <p class='box bad' role='alert'>{why}</p>}
      {error && <Failure error={error} again={again} />}
      {failed && <Failure error={failed} />}
      {settings?.oidc && (
        <p>
          <button type='button' class='main' onClick={begin}>Sign in with {new URL(settings.oidc.issuer).host}</button>
        </p>
      )}
      {settings?.api_keys === true && (
        <form
          onSubmit={(event) => {
            event.preventDefault()
            signInWithKey()
          }}
        >
          <label>
            API key{' '}
            <input
              type='password'
              required
              autoComplete='off'
              value={key}
              onInput={({ currentTarget }) => setKey(currentTarget.value)}
            />
          </label>
          <p class='quiet'>It is kept in this tab only, and sent to this server only.</p>
          <button type='submit' class='main'>Sign in</button>
        </form>
      )}
      {settings !== undefined && settings.oidc === null && !settings.api_keys && (
        <p>This page has no way to sign in: the operator can name a client at the issuer (PAGE_OIDC_CLIENT_ID).</p>
      )}
    </section>
  )
}
