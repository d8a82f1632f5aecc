import type { Static } from 'typebox'
import type { Problem } from '../../shared/http/problem.ts'

type Facts = Static<typeof Problem>

/** An Error with the problem that the API has answered. Status 0: the API could not be reached. */
export type Refusal = Error & { problem: Facts, retryAfter: number | undefined }

export function isRefusal (error: unknown): error is Refusal {
  return error instanceof Error && 'problem' in error
}

/** Whether the API has answered so, and would again: another attempt makes no sense before something changes. */
export function isFinal (error: unknown): boolean {
  return isRefusal(error) && [400, 401, 403, 404, 405, 410, 422].includes(error.problem.status)
}

export function isOfType (error: unknown, kind: string): boolean {
  return isRefusal(error) && error.problem.type === `urn:gx4ki:problem:${kind}`
}

export async function refusalOf (answer: Response): Promise<Refusal> {
  const { status, headers } = answer
  const isProblem = headers.get('content-type')?.includes('problem+json') === true
  const told = isProblem ? await answer.json().catch(() => ({})) as Partial<Facts> : {}
  const seconds = Number(headers.get('retry-after') ?? NaN)
  return refusal({
    type: 'about:blank',
    title: `The server has answered ${status}`,
    detail: status >= 500 ? 'It may work again in a moment' : 'Something between this page and the API refuses the request',
    ...told,
    status
  }, Number.isFinite(seconds) ? seconds : undefined)
}

export function unreachable (cause: unknown): Refusal {
  const detail = 'The server or the network is down, or this device is offline; it may work again in a moment'
  return refusal({ type: 'about:blank', title: 'The server cannot be reached', detail, status: 0 }, undefined, cause)
}

function refusal (problem: Facts, retryAfter?: number, cause?: unknown): Refusal {
  return Object.assign(new Error(problem.detail, { cause }), { problem, retryAfter })
}
