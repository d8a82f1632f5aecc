import { Type, type Static } from 'typebox'
import type { Destination } from '../../../shared/push-destination.ts'
import { lastWord } from './plain-json.ts'
import type { Properties } from './order-of.ts'

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
  return Object.fromEntries([endpointProperties].flat().flatMap(({ name, value }) => typeof value === 'string' ? [[lastWord(name), value]] : []))
}

/**
 * The destination of a push, as EDC's own signaling describes it (baseUrl, authKey and authCode) or as the HTTP profile of Data Plane Signaling does (endpoint,
 * authorization and authType). `undefined` when it names no address for HTTP.
 */
export function destinationOf (address: DataAddress): Destination | undefined {
  const { baseUrl, authKey, authCode, authorization, authType } = propertiesOf(address)
  const url = address.endpoint ?? baseUrl
  if (url === undefined || !/^https?:\/\//.test(url) || !URL.canParse(url)) return undefined
  if (authorization !== undefined) return { url, header: { authorization: authType === 'bearer' ? `Bearer ${authorization}` : authorization } }
  return { url, header: authKey === undefined || authCode === undefined ? {} : { [authKey]: authCode } }
}
