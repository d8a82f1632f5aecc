import { validateHeaderName, validateHeaderValue } from 'node:http'
import { Type, type Static } from 'typebox'
import { type EgressRules, refusedUrl } from '../../../shared/egress/egress-rules.ts'
import { invalidField } from '../../../shared/http/problem.ts'
import type { Destination } from '../../../shared/job/transfers/push-destination.ts'
import type { Properties } from './order-of.ts'
import { lastWord } from './plain-json.ts'

const Property = Type.Object({ name: Type.String(), value: Type.Unknown() })

/** A DataAddress of the Dataspace Protocol. In JSON-LD one property is an object, several properties are an array. */
export const DataAddress = Type.Object({
  endpointType: Type.Optional(Type.String()),
  endpoint: Type.Optional(Type.String()),
  endpointProperties: Type.Optional(Type.Union([Property, Type.Array(Property)]))
})
export type DataAddress = Static<typeof DataAddress>

/** The properties of an address by name, without the IRI prefix. Throws `invalid-request` when a name comes twice. */
export function propertiesOf ({ endpointProperties = [] }: DataAddress): Properties {
  const all = [endpointProperties].flat()
  const names = new Set<string>()
  for (const { name } of all) {
    if (names.has(name)) throw invalidField(`endpointProperties.${lastWord(name)}`, 'is given twice')
    names.add(name)
  }
  return Object.fromEntries(
    all.flatMap(({ name, value }) => typeof value === 'string' ? [[lastWord(name), value]] : [])
  )
}

/** Headers that control the HTTP request itself. The consumer must not set them. */
const OURS = /^(connection|content-.*|expect|host|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade)$/i

/**
 * The destination of a push, from EDC's own signaling (baseUrl, authKey and authCode) or from the HTTP profile of Data
 * Plane Signaling (endpoint, authorization and authType). The consumer chooses it, so the same egress rules apply as
 * for a webhook, and it must not be the connector itself. Throws `invalid-request` before the job runs.
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
  if (OURS.test(name)) {
    throw invalidField(field, 'must not be a header that controls the HTTP request itself, such as Host')
  }
  try {
    validateHeaderName(name)
    return name
  } catch {
    throw invalidField(field, 'must be a valid HTTP header name')
  }
}

function headerValue (field: string, value: string): string {
  try {
    validateHeaderValue(field, value)
    return value
  } catch {
    // The value is a credential, so the message must not contain it.
    throw invalidField(field, 'has characters that are not allowed in an HTTP header')
  }
}
