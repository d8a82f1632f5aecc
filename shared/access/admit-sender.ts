import { Type, type Static, type TObject } from 'typebox'
import { readAll } from '../http/bodies/read-all.ts'
import { askApiServer } from '../kubernetes/ask-api-server.ts'
import type { Cluster } from '../kubernetes/cluster.ts'
import { bearerOf, credentialMissing, forbidden } from './bearer.ts'
import { tokenVerifier } from './token-verifier.ts'

export const senderSettings = {
  EVENTS_OIDC_ISSUER: Type.Optional(
    Type.String({ pattern: '^https?://', description: "The issuer of the cluster's ServiceAccount tokens" })
  ),
  EVENTS_OIDC_AUDIENCE: Type.Optional(Type.String({ minLength: 1 })),
  // Needed because any pod can request a token of its own ServiceAccount for this audience.
  EVENTS_OIDC_SUBJECT: Type.String({
    default: 'system:serviceaccount:gx4ki:',
    minLength: 1,
    description: "Required prefix of the subject of a sender's token"
  })
}

/** Where the API server has the keys of its tokens. */
const KEYS = '/openid/v1/jwks'

/** Checks the `Authorization` header of an event's sender. Throws `unauthorized` or `forbidden`. */
export type AdmitSender = (authorization: string | undefined) => Promise<void>

/**
 * Makes the check of event senders, or returns `undefined` when the settings do not ask for it. When Knative's
 * `authentication-oidc` is on, its Broker sends a token of the Trigger's ServiceAccount with every event. The API
 * server itself serves the keys of these tokens, whatever URL their issuer has.
 */
export function admitSenderBy (
  settings: Static<TObject<typeof senderSettings>>,
  cluster: Cluster
): AdmitSender | undefined {
  const { EVENTS_OIDC_ISSUER: issuer, EVENTS_OIDC_AUDIENCE: audience, EVENTS_OIDC_SUBJECT: subject } = settings
  if ((issuer === undefined) !== (audience === undefined)) {
    throw new Error('wrong settings: EVENTS_OIDC_ISSUER and EVENTS_OIDC_AUDIENCE go together; set both or neither')
  }
  if (issuer === undefined || audience === undefined) return undefined
  const verify = tokenVerifier({
    issuer,
    audience,
    jwksUri: `${cluster.api.url.origin}${KEYS}`,
    fetch: async (_, { signal }) => {
      const response = await askApiServer(cluster, KEYS, { signal: signal ?? undefined })
      return new Response((await readAll(response)).toString(), { status: response.statusCode! })
    }
  })

  return async function admitSender (authorization) {
    const token = bearerOf(authorization)
    if (token === undefined) {
      throw credentialMissing('The token of the sender is missing; send the header Authorization: Bearer …')
    }
    const { sub } = await verify(token)
    if (!sub.startsWith(subject)) {
      throw forbidden('The sender may not send events to this function: the subject of its token is not allowed')
    }
  }
}
