import { readdirSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { processesWith } from '../support/processes-with.ts'
import type { ChaosHost } from './chaos-host.ts'
import type { Hit } from './observation.ts'
import type { Disturbance, PlannedJob } from './plan-jobs.ts'

/** What was done, and how often. */
export type Counts = Map<string, number>

const count = (counts: Counts, what: string): void => {
  counts.set(what, (counts.get(what) ?? 0) + 1)
}

/** Does what the plan has for some time after the request for a job, unless the faults are over by then. */
export async function disturbHost (
  host: ChaosHost,
  disturbance: Extract<Disturbance, { since: 'asked' }>,
  counts: Counts,
  healing: AbortSignal
): Promise<void> {
  await sleep(disturbance.after, undefined, { signal: healing }).catch(() => {})
  if (healing.aborted) return
  switch (disturbance.what) {
    case 'kill function':
      count(counts, `kill ${disturbance.name}`)
      host.log(`kills ${disturbance.name}`)
      return await host.services.get(disturbance.name)!.kill('SIGKILL')
    case 'outage':
      count(counts, `outage of ${disturbance.of}`)
      host.log(`outage of ${disturbance.of} for ${disturbance.ms} ms`)
      return host.proxies[disturbance.of].outage(disturbance.ms)
    case 'no events':
      count(counts, 'events lost')
      host.log(`no events for ${disturbance.ms} ms`)
      return await host.loseEvents(disturbance.ms, healing)
  }
}

/** Does what the plan has for some time after the start of a workload. A disturbance that finds nothing is no hit. */
export async function disturbJob (
  host: ChaosHost,
  { name }: PlannedJob,
  id: string,
  { what, after }: Extract<Disturbance, { since: 'started' }>,
  hits: Hit[],
  counts: Counts,
  giveUp: AbortSignal
): Promise<void> {
  while (!hasStarted(host, name)) {
    if (giveUp.aborted) return
    await sleep(100)
  }
  await sleep(after)
  if (giveUp.aborted) return
  if (what === 'cancel') {
    host.log(`cancels ${name}`)
    count(counts, what)
    hits.push({ what, at: Date.now() })
    return await cancel(host, id, giveUp)
  }
  const found = what === 'kill uploader'
    ? processesWith('uploader.cjs', `JOB_UUID=${id}`)
    : processesWith('workload.py', `CHAOS_JOB=${name}`, host.truth)
  if (found.length === 0) return
  host.log(`kills the ${what.slice('kill '.length)} of ${name}`)
  count(counts, what)
  hits.push({ what, at: Date.now() })
  for (const pid of found) kill(pid)
}

function hasStarted ({ truth }: ChaosHost, name: string): boolean {
  return readdirSync(truth).some((file) => file.startsWith(`${name}.`) && file.endsWith('.started'))
}

function kill (pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended by itself.
  }
}

async function cancel ({ url }: ChaosHost, id: string, giveUp: AbortSignal): Promise<void> {
  while (!giveUp.aborted) {
    const signal = AbortSignal.any([giveUp, AbortSignal.timeout(30_000)])
    const isDone = await fetch(`${url}/job/${id}`, { method: 'DELETE', signal }).then(
      async (answer) => {
        await answer.text()
        return answer.ok
      },
      () => false
    )
    if (isDone) return
    await sleep(300)
  }
}
