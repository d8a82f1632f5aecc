/**
 * Receives the callbacks of jobs and verifies them, with nothing but Node.js 22.18 or newer:
 *
 *     WEBHOOK_SECRET=whsec_… PORT=9090 node receiver.ts
 *
 * WEBHOOK_SECRET has one secret, or the old and the new one while the operator replaces it, separated by a space.
 * docs/webhooks.md has the rules.
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import { createServer, type IncomingHttpHeaders, type IncomingMessage } from 'node:http'

interface JobEvent {
  type: string
  time: string
  data: { job_uuid: string, state: string, message: string | null }
}

const LONGEST_AGE_S = 5 * 60
const LARGEST_BODY = 1024 * 1024
const MOST_IDS = 10_000

const keys = (process.env['WEBHOOK_SECRET'] ?? '').split(/\s+/).filter((secret) => secret.startsWith('whsec_'))
  .map((secret) => Buffer.from(secret.slice('whsec_'.length), 'base64'))
if (keys.length === 0) throw new Error('WEBHOOK_SECRET must be a secret that begins with whsec_')

/** The messages that were processed: an attempt whose answer was lost is sent again, with the same id. */
const processed = new Set<string>()

const server = createServer((request, response) => {
  receive(request).then(
    (status) => response.writeHead(status).end(),
    () => response.writeHead(500).end()
  )
})
server.listen(Number(process.env['PORT'] ?? 9090), process.env['HOST'] ?? '127.0.0.1', () => {
  console.log(`listening on port ${(server.address() as { port: number }).port}`)
})

/** Returns the status of the answer. Any 2xx means: do not send this message again. */
async function receive (request: IncomingMessage): Promise<number> {
  if (request.method !== 'POST') return 405
  const body = await bytesOf(request)
  if (body === undefined) return 413
  if (!isFromInstallation(request.headers, body)) return 401
  const id = String(request.headers['webhook-id'])
  if (!processed.has(id)) {
    handle(JSON.parse(body.toString('utf8')) as JobEvent)
    remember(id)
  }
  return 204
}

/** Here belongs what is to happen when a job has ended. */
function handle ({ data: { job_uuid: job, state, message } }: JobEvent): void {
  // Several callers share a secret: a message may be about the job of another one. Messages may also come out of order.
  console.log(`${job} ${state}${message === null ? '' : `: ${message}`}`)
}

/** Whether the message is signed with one of the secrets, and is new. The signature is of the bytes as they arrived. */
function isFromInstallation (headers: IncomingHttpHeaders, body: Buffer): boolean {
  const [id, timestamp, signatures] = ['id', 'timestamp', 'signature'].map((name) => headers[`webhook-${name}`])
  if (typeof id !== 'string' || typeof timestamp !== 'string' || typeof signatures !== 'string') return false
  if (!/^\d+$/.test(timestamp) || Math.abs(Date.now() / 1000 - Number(timestamp)) > LONGEST_AGE_S) return false
  const given = signatures.split(' ').filter((one) => one.startsWith('v1,')).map((one) => Buffer.from(one.slice(3), 'base64'))
  return keys.some((key) => {
    const own = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest()
    return given.some((one) => one.length === own.length && timingSafeEqual(one, own))
  })
}

/** The body, unless it is larger than any message about a job. */
async function bytesOf (request: IncomingMessage): Promise<Buffer | undefined> {
  const parts: Buffer[] = []
  let size = 0
  for await (const part of request as AsyncIterable<Buffer>) {
    size += part.length
    if (size <= LARGEST_BODY) parts.push(part)
  }
  return size > LARGEST_BODY ? undefined : Buffer.concat(parts)
}

function remember (id: string): void {
  processed.add(id)
  const [oldest] = processed
  if (processed.size > MOST_IDS && oldest !== undefined) processed.delete(oldest)
}
