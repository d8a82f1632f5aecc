import { setTimeout as sleep } from 'node:timers/promises'

/** On two cores with a whole cluster, where the functions are started again and again, everything takes longer. */
const SECONDS = process.env['E2E_NODE_ADDRESS'] === undefined ? 30 : 120

/** Asks again and again until there is an answer; what never comes is an error that says what was waited for. */
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
  throw new Error(`waited ${seconds} s in vain: ${what}`)
}
