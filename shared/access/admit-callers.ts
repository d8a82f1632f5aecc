import type { FastifyInstance, FastifyRequest, RouteOptions } from 'fastify'
import { Type, type Static, type TObject } from 'typebox'
import { problems } from '../http/problem-responses.ts'
import { unknownJob } from '../http/problem.ts'
import type { FunctionApp } from '../http/server.ts'
import { isJobId } from '../job/job-id.ts'
import { readRecord } from '../job/record-store.ts'
import { complainAs } from '../settings/complain-as.ts'
import type { Store } from '../store/open-store.ts'
import { forbidden } from './bearer.ts'
import { anybody, type Caller, may, nobody, type Scope, seenOwner } from './caller.ts'
import { credentialSettings, identifyBy } from './identify-caller.ts'
import { isLoopback } from './is-loopback.ts'
import { limitRequests } from './limit-requests.ts'

export const callerSettings = {
  ...credentialSettings,
  REQUESTS_PER_MINUTE_PER_CALLER: Type.Optional(Type.Integer({ minimum: 1 }))
}
export type CallerSettings = Static<TObject<typeof callerSettings>> & { HOST: string }

declare module 'fastify' {
  interface FastifyRequest {
    caller: Caller
  }
  interface FastifyContextConfig {
    /**
     * What a caller's credential must be good for; `admin` unless the route says otherwise, so that none is open by an
     * oversight. `public`: nobody is asked or counted, because there is nothing to hide, or because the route asks for
     * something else itself.
     */
    access?: Scope | 'public'
    /**
     * Knows a credential that is none of a caller's, and that the route itself judges: who shows it is not asked for
     * another.
     */
    ownCredential?: (authorization: string | undefined) => boolean
  }
}

/**
 * Who may call a function, in one place: every route asks for a credential and its scope before the body is read, and
 * for a job of the caller's own wherever its path has the `id` of one.
 */
export function admitCallers (
  title: string,
  settings: CallerSettings,
  store: Store
): Pick<FunctionApp, 'admit' | 'securitySchemes'> {
  const identify = identifyBy(
    settings,
    (file, reason) => complainAs(title, { file, msg: `API key left out: ${reason}` })
  )
  const perMinute = settings.REQUESTS_PER_MINUTE_PER_CALLER

  async function admit (server: FastifyInstance): Promise<void> {
    if (identify === undefined && !isLoopback(settings.HOST)) {
      server.log.warn(
        { host: settings.HOST },
        'ANONYMOUS is allowed: whoever reaches this function may do everything, with the jobs of all'
      )
    }
    server.decorateRequest('caller')
    const checkRate = perMinute === undefined ? undefined : await limitRequests(server, perMinute)
    const added = problems(...identify === undefined ? [] : [401, 403], ...checkRate === undefined ? [] : [429])

    server.addHook('onRoute', (route: RouteOptions) => {
      const access = accessOf(route.config)
      if (access === 'public') return
      const { response, ...schema } = route.schema ?? {}
      route.schema = {
        ...schema,
        ...(identify && { security: [{ caller: [access] }] }),
        response: { ...response as object, ...added }
      }
    })

    server.addHook('onRequest', async (request) => {
      const access = accessTo(request)
      request.caller = access === 'public' || identify !== undefined ? nobody : anybody
      if (access === 'public') return
      const refusal = await identify?.(request.headers.authorization).then((caller) => {
        request.caller = caller
      }, (error: Error) => error)
      const { caller } = request
      if (caller.owner !== undefined) request.log = request.log.child({ caller: caller.owner })
      // Also of who is not let in: to try credentials is to ask.
      await checkRate?.(request)
      if (refusal !== undefined) throw refusal
      if (!may(caller, access)) {
        throw forbidden(`The credential is not good for this; it would take the scope ${access}`, access)
      }
    })

    // By now the id is known to be one, where the route has a schema for it.
    server.addHook('preHandler', async (request) => {
      const { id } = (request.params ?? {}) as { id?: string }
      const owner = seenOwner(request.caller)
      if (id === undefined || owner === undefined || accessTo(request) === 'public') return
      const found = isJobId(id) ? await readRecord(store, id) : undefined
      if (found?.record.owner !== owner) throw unknownJob(id)
    })
  }

  const description = `An API key${
    settings.OIDC_ISSUER === undefined ? '' : `, or a token of ${settings.OIDC_ISSUER} for ${settings.OIDC_AUDIENCE}`
  }; with the scope jobs:read, jobs:write or admin`
  return { admit, ...(identify && { securitySchemes: { caller: { type: 'http', scheme: 'bearer', description } } }) }
}

function accessOf (config: { access?: Scope | 'public' } | undefined): Scope | 'public' {
  return config?.access ?? 'admin'
}

/** Where nothing is, nothing is to be asked for. */
function accessTo ({ is404, routeOptions: { config }, headers }: FastifyRequest): Scope | 'public' {
  return is404 || config.ownCredential?.(headers.authorization) ? 'public' : accessOf(config)
}
