import type { Pulse } from '../../../shared/flow/pulse.ts'
import type { LogWindow } from './log-window.ts'

/** The log of one attempt of a job, while it is read from the pod, or as it is kept. */
export interface LogPart {
  attempt: string
  window: LogWindow
  /** The offset in the window of the first byte of the file that the kubelet sends. */
  base: number
  /** Whether the window has all that the log had when it was first read. */
  hasCaughtUp: boolean
  /** Whether nothing more comes into the window. */
  isFinished: boolean
}

/** The log of a job in memory, for all that watch it. */
export interface JobLog {
  /** In the order of the attempts. The kept log of an attempt comes after what was read from its pod. */
  parts: LogPart[]
  /** Whether the job has ended, so that its log is complete as soon as it is over. */
  hasEnded: () => boolean
  /** Whether no more parts come. */
  isOver: boolean
  changed: Pulse
}
