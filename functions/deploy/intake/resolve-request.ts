import { invalidField, problem } from '../../../shared/http/problem.ts'
import type { Target } from '../../../shared/job/callbacks/target.ts'
import { QUEUE_LABEL } from '../../../shared/kubernetes/cluster.ts'
import { type GivenEnv, type ResolvedEnv, resolveEnv } from './resolve-env.ts'
import type { Template } from '../templates/read-templates.ts'
import type { Deps } from '../start/start-job.ts'

export interface DeployRequest {
  template: string
  env: GivenEnv
  queue?: string
  /** The receivers of callbacks about the job, besides the sink. */
  targets?: Target[]
}

/** What a request asks for, once it is known that it can be made. */
export interface ResolvedRequest {
  template: Template
  env: ResolvedEnv
  queue?: string | undefined
  targets?: Target[] | undefined
}

/** Throws when there is no such template, or the environment or the queue is not one for it. */
export function resolveRequest (deps: Pick<Deps, 'templates'>, request: DeployRequest): ResolvedRequest {
  const template = templateOf(deps, request)
  return {
    template,
    env: resolveEnv(template, request.env),
    queue: queueOf(template, request),
    targets: request.targets
  }
}

export function templateOf ({ templates }: Pick<Deps, 'templates'>, { template: name }: DeployRequest): Template {
  const { usable, refused } = templates()
  const template = usable.get(name)
  if (template === undefined) {
    const reason = refused.get(`${name}.yaml`) ?? refused.get(`${name}.yml`)
    const detail = reason === undefined
      ? `There is no template ${name}`
      : `The template ${name} cannot be used: ${reason}`
    throw problem('unknown-template', detail, {
      errors: [{ field: 'template', message: `must be one of: ${[...usable.keys()].join(', ')}` }]
    })
  }
  return template
}

/** A caller cannot change a queue that the template sets, because the operator divides the cluster with it. */
function queueOf ({ manifest, name }: Template, { queue }: DeployRequest): string | undefined {
  const own = manifest.metadata?.labels?.[QUEUE_LABEL]
  if (queue !== undefined && own !== undefined && queue !== own) {
    throw invalidField('queue', `must be ${own}, the queue that the template ${name} sets`)
  }
  return queue
}
