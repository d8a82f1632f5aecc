import { seal, unseal } from '../seal.ts'

/** The URL to which a push sends its data, and the header that authorizes the push. */
export interface Destination {
  url: string
  header: Record<string, string>
}

/**
 * Encrypts a destination. It stays in the record while the job runs, and readers of the record must not see the
 * consumer's credentials.
 */
export function sealDestination (key: string, id: string, destination: Destination): string {
  return seal(key, id, { destination: JSON.stringify(destination) })
}

export function unsealDestination (key: string, id: string, sealed: string): Destination {
  return JSON.parse(unseal(key, id, sealed)['destination']!) as Destination
}
