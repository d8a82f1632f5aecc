import type { EgressRules } from '../egress/egress-rules.ts'
import { guardedRequest } from '../egress/guarded-request.ts'

/** A request to a connector, at one of the origins that the operator's table has of it. */
export interface ConnectorRequest {
  method: 'GET' | 'POST' | 'PUT'
  url: string
  headers?: Record<string, string>
  body?: string
}

/** Nothing beside the table's own origins is reached. */
const RULES: EgressRules = { allowed: new Set(), denied: [] }
/** Short: a ping waits for it. */
const TIMEOUT_MS = 5000

/** What a connector answers, its body as JSON where it is some. */
export async function askConnector (
  allowed: string[],
  request: ConnectorRequest
): Promise<{ status: number, body: unknown }> {
  const { status, body } = await guardedRequest({ ...request, allowed, timeoutMs: TIMEOUT_MS }, RULES)
  try {
    return { status, body: JSON.parse(body.toString()) }
  } catch {
    // An error's page in HTML.
    return { status, body: undefined }
  }
}
