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
/** Why the last sign-in was not one. */
export const whySignIn = signal<string>()

effect(() => {
  if (credential.value === undefined) sessionStorage.removeItem(PLACE)
  else sessionStorage.setItem(PLACE, JSON.stringify(credential.value))
})

export function signInWith (given: Credential): void {
  credential.value = given
  needsSignIn.value = false
  whySignIn.value = undefined
}

/** Views that fail at the same time ask one after the other, and the first may know more. */
export function askToSignIn (why?: string): void {
  needsSignIn.value = true
  whySignIn.value ??= why
}

export function signOut (): void {
  credential.value = undefined
  needsSignIn.value = true
}
