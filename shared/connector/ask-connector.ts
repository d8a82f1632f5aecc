import type { EgressRules } from '../egress/egress-rules.ts'
import { guardedRequest } from '../egress/guarded-request.ts'

/** A request to a connector, at one of its origins in the operator's table. */
export interface ConnectorRequest {
  method: 'GET' | 'POST' | 'PUT'
  url: string
  headers?: Record<string, string>
  body?: string
}

/** Only the origins of the table can be reached. */
const RULES: EgressRules = { allowed: new Set(), denied: [] }
/** Short, because a ping waits for the answer. */
const TIMEOUT_MS = 5000

/** Returns the answer of a connector, with its body parsed as JSON; `undefined` if the body is not JSON. */
export async function askConnector (
  allowed: string[],
  request: ConnectorRequest
): Promise<{ status: number, body: unknown }> {
  const { status, body } = await guardedRequest({ ...request, allowed, timeoutMs: TIMEOUT_MS }, RULES)
  try {
    return { status, body: JSON.parse(body.toString()) }
  } catch {
    // For example an HTML error page.
    return { status, body: undefined }
  }
}
