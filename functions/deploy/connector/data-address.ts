import { validateHeaderName, validateHeaderValue } from 'node:http'
import { Type, type Static } from 'typebox'
import { type EgressRules, refusedUrl } from '../../../shared/egress/egress-rules.ts'
import { invalidField } from '../../../shared/http/problem.ts'
import type { Destination } from '../../../shared/job/push-destination.ts'
import type { Properties } from './order-of.ts'
import { lastWord } from './plain-json.ts'

const Property = Type.Object({ name: Type.String(), value: Type.Unknown() })

/** A DataAddress of the Dataspace Protocol. JSON-LD has one property as an object and several as an array. */
export const DataAddress = Type.Object({
  endpointType: Type.Optional(Type.String()),
  endpoint: Type.Optional(Type.String()),
  endpointProperties: Type.Optional(Type.Union([Property, Type.Array(Property)]))
})
export type DataAddress = Static<typeof DataAddress>

/** The properties of an address by their names, without the IRIs before them. */
export function propertiesOf ({ endpointProperties = [] }: DataAddress): Properties {
  return Object.fromEntries(
    [endpointProperties].flat().flatMap(({ name, value }) => typeof value === 'string' ? [[lastWord(name), value]] : [])
  )
}

/** What belongs to the request itself, and is not for the other side to say. */
const OURS = /^(connection|content-.*|expect|host|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade)$/i

/**
 * The destination of a push, as EDC's own signaling describes it (baseUrl, authKey and authCode) or as the HTTP profile
 * of Data Plane Signaling does (endpoint, authorization and authType). It is the consumer's word, so it leads nowhere
 * that a webhook could not lead to, and least of all to the connector itself. Throws `invalid-request` now, while
 * somebody looks, rather than when the job has run for an hour.
 */
export function destinationOf (field: string, address: DataAddress | undefined, egress: EgressRules): Destination {
  const { baseUrl, authKey, authCode, authorization, authType } = propertiesOf(address ?? {})
  const url = address?.endpoint ?? baseUrl
  if (url === undefined) throw invalidField(field, 'must have an endpoint or a baseUrl to push to')
  const refused = refusedUrl(url, egress)
  if (refused !== undefined) {
    throw invalidField(`${field}.${address?.endpoint === undefined ? 'baseUrl' : 'endpoint'}`, refused)
  }
  if (authorization !== undefined) {
    return {
      url,
      header: {
        authorization: headerValue(
          `${field}.authorization`,
          authType === 'bearer' ? `Bearer ${authorization}` : authorization
        )
      }
    }
  }
  if (authKey === undefined || authCode === undefined) return { url, header: {} }
  return { url, header: { [headerName(`${field}.authKey`, authKey)]: headerValue(`${field}.authCode`, authCode) } }
}

function headerName (field: string, name: string): string {
  if (OURS.test(name)) throw invalidField(field, 'must not be a header that is about the request itself')
  try {
    validateHeaderName(name)
    return name
  } catch {
    throw invalidField(field, 'must be the name of a header')
  }
}

function headerValue (field: string, value: string): string {
  try {
    validateHeaderValue(field, value)
    return value
  } catch {
    // It is a credential: nothing of it is repeated.
    throw invalidField(field, 'has characters that no header can have')
  }
}
