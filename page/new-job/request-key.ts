import { randomText } from '../sign-in/pkce.ts'

/** The same key for the same request: sent twice, it makes one job. */
export function requestKeys (): (body: object) => string {
  const keys = new Map<string, string>()
  return function keyOf (body) {
    const text = JSON.stringify(body)
    const key = keys.get(text) ?? randomText()
    keys.set(text, key)
    return key
  }
}
