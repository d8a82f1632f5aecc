import { seal, unseal } from './seal.ts'

/** Where the data of a push goes to, and the header that opens the door there. */
export interface Destination {
  url: string
  header: Record<string, string>
}

/** It waits in the record as long as the job runs, and the consumer's credentials are nobody's to read there. */
export function sealDestination (key: string, id: string, destination: Destination): string {
  return seal(key, id, { destination: JSON.stringify(destination) })
}

export function unsealDestination (key: string, id: string, sealed: string): Destination {
  return JSON.parse(unseal(key, id, sealed)['destination']!) as Destination
}
