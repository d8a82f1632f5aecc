/** A request to a connector. */
export interface ConnectorRequest { method: 'GET' | 'POST' | 'PUT', url: string, headers?: Record<string, string>, body?: string }

export async function askConnector (_origins: string[], { method, url, headers, body }: ConnectorRequest): Promise<{ status: number, body: unknown }> {
  const response = await fetch(url, { method, redirect: 'manual', signal: AbortSignal.timeout(10_000), ...(headers && { headers }), ...(body !== undefined && { body }) })
  const text = await response.text()
  try {
    return { status: response.status, body: JSON.parse(text) }
  } catch {
    // An error's page in HTML.
    return { status: response.status, body: undefined }
  }
}
