import type { Destination } from '../../../shared/job/transfers/push-destination.ts'
import type { Why } from '../../../shared/job/reasons/why.ts'
import type { Result } from '../../../shared/job/transfers/transfer.ts'
import { templateOf, type ResolvedRequest } from '../intake/resolve-request.ts'
import { resolveEnv } from '../intake/resolve-env.ts'
import type { ConnectorDeps } from './connector-deps.ts'
import type { Order } from './order-of.ts'
import { invalidAsset, invalidDestination } from './refused-for-good.ts'

/** What a new transfer asks for. Both functions throw a problem if it cannot be had. */
export interface Wish {
  /** The template and environment to run. */
  order: () => Order
  /** The destination of a push; `undefined` for a pull. */
  destination?: (() => Destination | undefined) | undefined
}

/** What the job of a new transfer runs, and where its results go. */
export interface Plan extends Pick<ResolvedRequest, 'template' | 'env'> {
  result: Result
  lookUp: boolean
  destination?: Destination | undefined
  /** Why the job never runs. Then template and environment are only stand-ins. */
  refused?: Why
}

const NO_ENV = { plain: {}, secret: {} }

export function planTransfer (deps: ConnectorDeps, { order, destination }: Wish): Plan {
  const asked = order()
  const template = templateOf(deps, asked)
  return {
    template,
    env: asked.lookUp ? NO_ENV : resolveEnv(template, asked.env),
    result: asked.result,
    lookUp: asked.lookUp,
    destination: destination?.()
  }
}

/** The plan, or that of a job that fails at once because the wish can never be met. */
export function planOrRefusal (deps: ConnectorDeps, { order, destination }: Wish): Plan {
  return orRefused(deps, invalidAsset, () => {
    const plan = planTransfer(deps, { order })
    return orRefused(deps, invalidDestination, () => ({ ...plan, destination: destination?.() }))
  })
}

function orRefused (deps: ConnectorDeps, whyRefused: (error: Error) => Why | undefined, plan: () => Plan): Plan {
  try {
    return plan()
  } catch (error) {
    const refused = whyRefused(error as Error)
    if (refused === undefined) throw error
    const template = templateOf(deps, { template: deps.defaultTemplate, env: {} })
    return { template, env: NO_ENV, result: 'list', lookUp: false, refused }
  }
}
