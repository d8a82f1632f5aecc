import { setTimeout as sleep } from 'node:timers/promises'
import type { ChaosHost } from './chaos-host.ts'
import type { PlannedJob } from './plan-jobs.ts'

/** How long a client waits for one answer. */
const PATIENCE_MS = 30_000
const PAUSE_MS = 400

/**
 * Asks for a job until it is accepted, as a client does that knows nothing of the faults. It returns the id, or the
 * answer after which another try makes no sense, or undefined when the time is over.
 */
export async function askForJob (
  { url, seed, truth, webhook }: Pick<ChaosHost, 'url' | 'seed' | 'truth' | 'webhook'>,
  { name, template, script, callback }: PlannedJob,
  giveUp: AbortSignal
): Promise<{ id: string } | { refused: string } | undefined> {
  const body = JSON.stringify({
    template,
    env: { CHAOS_JOB: name, CHAOS_SCRIPT: JSON.stringify(script), CHAOS_TRUTH: truth },
    ...(callback !== undefined && { callback: { url: `${webhook.url}/hook`, events: callback } })
  })
  const headers = { 'content-type': 'application/json', 'idempotency-key': `${seed} ${name}` }
  while (!giveUp.aborted) {
    try {
      const signal = AbortSignal.any([giveUp, AbortSignal.timeout(PATIENCE_MS)])
      const answer = await fetch(`${url}/job/deploy`, { method: 'POST', headers, body, signal })
      const text = await answer.text()
      if (answer.status === 202) return { id: (JSON.parse(text) as { job_uuid: string }).job_uuid }
      if (answer.status < 500) return { refused: `${answer.status} ${text.slice(0, 200)}` }
    } catch {
      // The connection was broken, or there was no answer in time.
    }
    await sleep(PAUSE_MS)
  }
  return undefined
}
