import { setTimeout as sleep } from 'node:timers/promises'

/**
 * The cluster of the end-to-end suite has two cores and often starts the functions again, so everything takes longer.
 */
const SECONDS = process.env['E2E_NODE_ADDRESS'] === undefined ? 30 : 120

/**
 * Calls `ask` every 100 ms until it returns a value. Throws after `seconds`; the message contains `what`, the awaited
 * condition.
 */
export async function poll<T> (
  what: string,
  ask: () => T | undefined | false | Promise<T | undefined | false>,
  seconds = SECONDS
): Promise<T> {
  const until = performance.now() + seconds * 1000
  while (performance.now() < until) {
    const answer = await ask()
    if (answer) return answer
    await sleep(100)
  }
  throw new Error(`timed out after ${seconds} s; waited for: ${what}`)
}
