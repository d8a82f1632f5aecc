/** Sends bytes as a grant allows. Returns the status of the store. */
export async function sendGrant (
  { method, url, headers }: { method: string, url: string, headers: Record<string, string> },
  body: Buffer
): Promise<number> {
  const response = await fetch(url, { method, headers, body: new Uint8Array(body) })
  await response.text()
  return response.status
}
