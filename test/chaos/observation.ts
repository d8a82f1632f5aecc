import type { PlannedJob } from './plan-jobs.ts'
import type { Truth } from './truth.ts'
import type { Write } from './written-states.ts'

export interface ListedFile {
  name: string
  size: number
  sha256: string
}

/** What a caller reads of a job at the end. */
export interface SeenJob {
  state: string
  reason: string | null
  exit_code: number | null
  history: { state: string }[]
  callback?: string | null
  /** Null as long as there are none. */
  results?:
    | { files: number, bytes: number, complete: boolean, left_out?: LeftOut[], left_out_count?: number }
    | null
}

export interface LeftOut {
  name: string
  reason: string
}

/** What was done to a job. */
export interface Hit {
  what: 'kill uploader' | 'kill workload' | 'cancel'
  at: number
}

/** One arrival at the webhook. */
export interface Delivery {
  id: string
  state: string
  signed: boolean
  /** Whether the webhook answered 204. */
  taken: boolean
}

/** All that was gathered of one job of the plan. What could not be read is absent. */
export interface Observation {
  plan: PlannedJob
  /** The ids of all answers 202. */
  accepted: string[]
  /** Answers to the request that are neither 202 nor worth another try. */
  refused: string[]
  hits: Hit[]
  /** The states that a caller saw while the job ran, without repetitions. */
  seen: string[]
  written: Write[]
  jobsMade: number
  job?: SeenJob
  truth?: Truth
  list?: ListedFile[]
  leftOut?: LeftOut[]
  /** The content of the archive, or why there is none. */
  archive?: ListedFile[] | string
  /** The content of the archive that was read between the faults, if it was read to its end. */
  earlyArchive?: ListedFile[]
  /** Files that were read one by one, with what their bytes are. */
  read: (ListedFile | { name: string, problem: string })[]
  /** The states that the record has callbacks for. */
  owed: string[]
  deliveries: Delivery[]
  hasMarker: boolean
  uploads: string[]
  processes: number
}
