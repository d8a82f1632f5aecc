import type { V1Status } from '@kubernetes/client-node'
import { type Resource, resources, type Wire } from './objects.ts'

const codes = {
  BadRequest: 400,
  Unauthorized: 401,
  NotFound: 404,
  MethodNotAllowed: 405,
  AlreadyExists: 409,
  Conflict: 409,
  Expired: 410,
  UnsupportedMediaType: 415,
  Invalid: 422,
  InternalError: 500
}

export function failure (reason: keyof typeof codes, message: string, details: object = {}): Wire<V1Status> {
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message,
    reason,
    details,
    code: codes[reason]
  }
}

/** An error whose cause is the `Status` of the response. */
export function refusal (...status: Parameters<typeof failure>): Error {
  return new Error(status[1], { cause: failure(...status) })
}

export const isRefusal = (error: Error): error is Error & { cause: ReturnType<typeof failure> } =>
  typeof error.cause === 'object' && error.cause !== null && 'kind' in error.cause && error.cause.kind === 'Status'

/** The details of a `Status` that identify its object. */
export const about = (resource: Resource, name: string): { name: string, group?: string, kind: string } => ({
  name,
  ...(resources[resource].group && { group: resources[resource].group }),
  kind: resource
})

/** The name of an object in messages: `jobs.batch "x"`. */
export const named = (resource: Resource, name: string): string =>
  `${[resource, resources[resource].group].filter(Boolean).join('.')} "${name}"`
