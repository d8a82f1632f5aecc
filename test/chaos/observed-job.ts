import type { Observation } from './observation.ts'
import { script } from './script.ts'

export const file = { name: 'a.txt', size: 2, sha256: 'aa' }
export const other = { name: 'b.txt', size: 3, sha256: 'bb' }

/** A job with one result and one callback, with which nothing is wrong. */
export function observedJob (): Observation & { job: NonNullable<Observation['job']> } {
  const states = ['accepted', 'pending', 'running', 'succeeded']
  return {
    plan: {
      name: 'job-0001',
      kind: 'made up',
      template: 'chaos',
      ends: 'itself',
      script: script([]),
      clients: 2,
      callback: ['succeeded', 'failed'],
      disturbances: []
    },
    accepted: ['id', 'id'],
    refused: [],
    hits: [],
    seen: ['pending', 'succeeded'],
    written: states.map((state, at) => ({ revision: at + 1, state })),
    jobsMade: 1,
    job: {
      state: 'succeeded',
      reason: null,
      exit_code: 0,
      history: states.map((state) => ({ state })),
      callback: 'delivered',
      results: { files: 1, bytes: 2, complete: true, left_out: [], left_out_count: 0 }
    },
    truth: { at: 10_000, entries: [{ is: 'file', ...file }] },
    list: [file],
    leftOut: [],
    archive: [file],
    earlyArchive: [file],
    read: [file],
    owed: ['succeeded'],
    deliveries: [
      { id: 'id-0', state: 'succeeded', signed: true, taken: false },
      { id: 'id-0', state: 'succeeded', signed: true, taken: true }
    ],
    hasMarker: false,
    uploads: [],
    processes: 0
  }
}
