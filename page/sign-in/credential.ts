import { batch, computed, effect, signal } from '@preact/signals'

/** An API key, or a token of the issuer with what renews it. */
export interface Credential {
  token: string
  refresh?: { token: string, endpoint: string, clientId: string } | undefined
}

const PLACE = 'gx4ki.credential'

/** Kept as long as the tab: another tab, or the next visitor of this machine, signs in again. */
export const credential = signal<Credential | undefined>(JSON.parse(sessionStorage.getItem(PLACE) ?? 'null') ?? undefined)
export const needsSignIn = signal(false)
/** Counts the visitors of this tab: what one has loaded or typed, the next must not see. */
export const visitor = signal(0)
/** Whether there is nobody for whom a view could keep something. */
export const isSignedOut = computed(() => needsSignIn.value && credential.value === undefined)
/** Why the last sign-in was not one. */
export const whySignIn = signal<string>()

effect(() => {
  if (credential.value === undefined) sessionStorage.removeItem(PLACE)
  else sessionStorage.setItem(PLACE, JSON.stringify(credential.value))
})

/** Another credential may be that of another visitor. */
export function signInWith (given: Credential): void {
  batch(() => {
    if (credential.value?.token !== given.token) visitor.value++
    credential.value = given
    needsSignIn.value = false
    whySignIn.value = undefined
  })
}

/** Views that fail at the same time ask one after the other, and the first may know more. */
export function askToSignIn (why?: string): void {
  needsSignIn.value = true
  whySignIn.value ??= why
}

export function signOut (): void {
  batch(() => {
    credential.value = undefined
    needsSignIn.value = true
    whySignIn.value = undefined
  })
}
