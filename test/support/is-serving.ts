import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'

/** How many answers in a row prove it. A gateway may know both the pod that is gone and its successor for a moment. */
const ANSWERS = 5
const EVERY_MS = 100

/**
 * Whether a function answers at an address, for some time. `host` is the Host header, by which a gateway routes: fetch
 * cannot set it. The queue-proxy of a pod whose function was killed answers 502 until the gateway knows a new pod.
 */
export async function isServing (address: string, host: string): Promise<boolean> {
  for (let answers = 0; answers < ANSWERS; answers++) {
    if (answers > 0) await sleep(EVERY_MS)
    if (await statusOf(address, host) !== 200) return false
  }
  return true
}

async function statusOf (address: string, host: string): Promise<number | undefined> {
  const asked = request({ host: address, path: '/health/readiness', headers: { host }, agent: false }).end()
  try {
    const [response] = await once(asked, 'response') as [IncomingMessage]
    response.resume()
    return response.statusCode
  } catch {
    return undefined
  }
}
