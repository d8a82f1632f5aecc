/** The message of the Status with which the API server has refused a call of client-node; `undefined` without one. */
export function statusMessage (error: unknown): string | undefined {
  const { body } = error as { body?: unknown }
  try {
    const status = (typeof body === 'string' ? JSON.parse(body) : body) as
      | { kind?: string, message?: string }
      | null
      | undefined
    return status?.kind === 'Status' ? status.message : undefined
  } catch {
    // Not JSON, for example an HTML page from a proxy.
    return undefined
  }
}
