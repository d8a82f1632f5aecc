import type { FastifyContextConfig, FastifyInstance } from 'fastify'
import { Type, type Static, type TObject } from 'typebox'
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
import './job-of.ts'
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
     * The scope that the caller's credential must have. The default is `admin`, so that no route is open by oversight.
     * `public`: requests need no credential and are not counted, because the route has nothing to protect, or checks
     * another kind of credential itself.
     */
    access?: Scope | 'public'
    /**
     * Judges a credential of another kind than that of a caller. `undefined`: the request has none. With a right one it
     * needs no other credential. A wrong one is refused with this error, and counted. It must need neither the body nor
     * the store.
     */
    ownCredential?: (request: FastifyRequest) => Error | 'right' | undefined
  }
}

/**
 * The access control of a function, in one place. Every route checks the credential and its scope before the body is
 * read. A route with the `id` of a job in its path also checks that the job belongs to the caller.
 */
export function admitCallers (
  title: string,
  settings: CallerSettings,
  store: Store
): Pick<FunctionApp, 'admit'> & { admitsAnybody: boolean } {
  const identify = identifyBy(
    settings,
    (file, reason) => complainAs(title, { file, msg: `The API key file is ignored: ${reason}` })
  )
  const perMinute = settings.REQUESTS_PER_MINUTE_PER_CALLER

  async function admit (server: FastifyInstance): Promise<void> {
    if (identify === undefined && !isLoopback(settings.HOST)) {
      server.log.warn(
        { host: settings.HOST },
        'ANONYMOUS is allowed: every client that reaches this function may do everything with all jobs'
      )
    }
    server.decorateRequest('caller')
    server.decorateRequest('admittedJob')
    const checkRate = perMinute === undefined ? undefined : await limitRequests(server, perMinute)

    server.addHook('onRequest', async (request) => {
      // A path without a route needs no credential.
      const { access = 'admin', ownCredential } = request.is404 ? openPath : request.routeOptions.config
      const own = ownCredential?.(request)
      const isOpen = own === 'right' || (own === undefined && access === 'public')
      request.caller = isOpen || own instanceof Error || identify !== undefined ? nobody : anybody
      if (isOpen) return
      const refusal = own ?? await identify?.(request.headers.authorization).then((caller) => {
        request.caller = caller
      }, (error: Error) => error)
      const { caller } = request
      if (caller.owner !== undefined) request.log = request.log.child({ caller: caller.owner })
      // Refused requests are counted too, because they may be attempts to guess a credential.
      await checkRate?.(request)
      if (refusal instanceof Error) throw refusal
      if (access !== 'public' && !may(caller, access)) {
        throw forbidden(`The request needs a credential with the scope ${access}`, access)
      }
    })

    // If the route has a schema for the id, the id has been validated by now. A request that has come this far as
    // `nobody` is for an open route, or the route judges the credential itself.
    server.addHook('preHandler', async (request) => {
      const { id } = (request.params ?? {}) as { id?: string }
      const owner = seenOwner(request.caller)
      if (id === undefined || owner === undefined || request.caller === nobody) return
      const found = isJobId(id) ? await readRecord(store, id) : undefined
      if (found?.record.owner !== owner) throw unknownJob(id)
      request.admittedJob = found
    })
  }

  return { admit, admitsAnybody: identify === undefined }
}

const openPath: FastifyContextConfig = { access: 'public' }
