import { setTimeout as sleep } from 'node:timers/promises'
import { isTerminal } from '../../shared/job/job-state.ts'
import { createdAt } from '../../shared/job/job-id.ts'
import { advanceRecord, readRecord } from '../../shared/job/record-store.ts'
import { jobOfKey, MARKER_PREFIX, STATE_PREFIX } from '../../shared/store/bucket-layout.ts'
import { listAll } from '../../shared/store/object-store.ts'
import { processesWith } from '../support/processes-with.ts'
import type { ChaosHost } from './chaos-host.ts'
import { ABANDONED_MS } from './leftovers.ts'

const PAUSE_MS = 1000

/**
 * Pings until nothing is open any more, or nothing has changed for some seconds, and then twice more. Returns how many
 * pings it took.
 */
export async function settle (host: ChaosHost, seconds: number): Promise<number> {
  let [pings, open, changedAt] = [0, '', Date.now()]
  while (Date.now() < changedAt + seconds * 1000) {
    await letCallbacksComeDue(host)
    await host.ping()
    pings++
    const now = await openThings(host)
    if (now === '') break
    if (now !== open) [open, changedAt] = [now, Date.now()]
    await sleep(PAUSE_MS)
  }
  if (open !== '') host.log(`open: ${open}`)
  // Whatever is right by now must stay so.
  for (let more = 0; more < 2; more++) await host.ping()
  return pings
}

/** The next try of a callback may be hours away, and the claim of a process that was killed a minute. */
async function letCallbacksComeDue ({ store }: ChaosHost): Promise<void> {
  const now = new Date().toISOString()
  for await (const { key } of listAll(store, MARKER_PREFIX, { tags: false })) {
    const id = jobOfKey(key)
    const found = await readRecord(store, id)
    const waits = found?.record.callbacks?.some(({ state, due_at: due = '', trying_until: trying = '' }) =>
      state === 'owed' && (due > now || trying > now)
    )
    if (!waits) continue
    await advanceRecord(store, id, (record) => ({
      ...record,
      revision: record.revision + 1,
      callbacks: record.callbacks!.map((one) =>
        one.state === 'owed'
          ? { ...one, due_at: now, ...(one.trying_until !== undefined && { trying_until: now }) }
          : one
      )
    }))
  }
}

/** What has not come to its end, in words; empty when everything has. */
async function openThings ({ store, pods }: ChaosHost): Promise<string> {
  const open: string[] = []
  for await (const { key } of listAll(store, MARKER_PREFIX, { tags: false })) {
    const id = jobOfKey(key)
    const isRecorded = await readRecord(store, id) !== undefined
    if (isRecorded || Date.now() - createdAt(id).getTime() > ABANDONED_MS) open.push(key)
  }
  for await (const { key } of listAll(store, STATE_PREFIX, { tags: false })) {
    const found = await readRecord(store, jobOfKey(key))
    if (found !== undefined && !isTerminal(found.record.state)) open.push(`${key} ${found.record.revision}`)
  }
  return [...open, ...processesWith(pods).map((pid) => `process ${pid}`)].join(', ')
}
