import { setTimeout as sleep } from 'node:timers/promises'
import type { Static } from 'typebox'
import { isTerminal } from '../../../shared/job/job-state.ts'
import type { JobView } from '../../../shared/job/job-view.ts'
import type { ResultFile } from '../../../shared/results/results.ts'
import { broken, type Row } from '../row.ts'
import { wordsOf } from '../words-of.ts'
import { canaryRows } from './judge-canary.ts'
import { sha256 } from './sha256.ts'

type Job = Static<typeof JobView>

export interface Canary {
  /** Base URLs of the two functions. */
  deploy: string
  resultFetch: string
  template?: string | undefined
}

const MOST_MS = 180_000

/** Runs a job as a caller does, and reads its results. */
export async function runCanary (canary: Canary): Promise<Row[]> {
  await sleep(untilAfterPing(new Date()))
  try {
    const { job_uuid: id } = await ask<Job>(`${canary.deploy}/job/deploy`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ template: canary.template })
    })
    const job = await ended(canary, id)
    return canaryRows(job, job.state === 'succeeded' ? await results(canary, id) : [])
  } catch (error) {
    return [broken('canary', wordsOf(error), 'see the rows above, and the log of the function')]
  }
}

/**
 * Milliseconds to wait until a ping is certainly over. Then a short job ends before the next ping, and its effect can
 * be distinguished from that of an event. Pings come at full minutes and take a moment.
 */
export function untilAfterPing (now: Date): number {
  const past = now.getTime() % 60_000
  return past >= 10_000 && past <= 15_000 ? 0 : (70_000 - past) % 60_000
}

async function ended ({ deploy, resultFetch }: Canary, id: string): Promise<Job> {
  const until = Date.now() + MOST_MS
  let job: Job
  do {
    job = await ask<Job>(`${resultFetch}/job/${id}`, { headers: { prefer: 'wait=30' } })
  } while (!isTerminal(job.state) && Date.now() < until)
  if (!isTerminal(job.state)) await ask(`${deploy}/job/${id}`, { method: 'DELETE' })
  return job
}

async function results ({ resultFetch }: Canary, id: string): Promise<{ name: string, right: boolean }[]> {
  const { files } = await ask<{ files: ResultFile[] }>(`${resultFetch}/job/${id}/result/list`)
  const read = []
  for (const { name, sha256: wanted, size } of files) {
    const response = await fetch(`${resultFetch}/job/${id}/result?file=${encodeURIComponent(name)}`)
    const bytes = await response.bytes()
    read.push({ name, right: response.status === 200 && bytes.length === size && sha256(bytes) === wanted })
  }
  return read
}

async function ask<T> (url: string, init: RequestInit = {}): Promise<T> {
  // A function that is scaled to zero needs a while to start.
  const response = await fetch(url, { ...init, signal: AbortSignal.timeout(90_000) }).catch((cause: unknown) => {
    throw new Error(`${init.method ?? 'GET'} ${url}`, { cause })
  })
  const text = await response.text()
  if (!response.ok) throw new Error(`${init.method ?? 'GET'} ${url}: ${response.status} ${text}`)
  return JSON.parse(text) as T
}
