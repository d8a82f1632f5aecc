import { effect, signal } from '@preact/signals'

/** An API key, or a token of the issuer with what renews it. */
export interface Credential {
  token: string
  refresh?: { token: string, endpoint: string, clientId: string } | undefined
}

const PLACE = 'gx4ki.credential'

/** Kept as long as the tab: another tab, or the next visitor of this machine, signs in again. */
export const credential = signal<Credential | undefined>(JSON.parse(sessionStorage.getItem(PLACE) ?? 'null') ?? undefined)
export const needsSignIn = signal(false)

effect(() => {
  if (credential.value === undefined) sessionStorage.removeItem(PLACE)
  else sessionStorage.setItem(PLACE, JSON.stringify(credential.value))
})

export function signInWith (given: Credential): void {
  credential.value = given
  needsSignIn.value = false
}

export function signOut (): void {
  credential.value = undefined
  needsSignIn.value = true
}
