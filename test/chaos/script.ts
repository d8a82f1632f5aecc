/** What `workload.py` does, one step after the other. Names are percent-encoded, because they are bytes. */
export type Step =
  | { do: 'write' | 'append', name: string, size: number, seed: string }
  | { do: 'many', folder: string, count: number, largest: number, seed: string }
  | { do: 'remove' | 'folder' | 'fifo', name: string }
  | { do: 'rename' | 'link', name: string, to: string }
  | { do: 'mode', name: string, mode: number }
  | { do: 'map', name: string, size: number, seed: string, pauses: number[] }
  | { do: 'grow', name: string, size: number, seed: string, pause: number }
  | { do: 'fail first', code: number }
  | { do: 'wait', seconds: number }

export interface Script {
  steps: Step[]
  on_sigterm: 'end' | 'ignore'
  /** Done at the end, whether the steps have ended or a SIGTERM ended them. */
  last: Step[]
  exit: number
}

/** A script that needs nothing special, but for the changes. */
export function script (steps: Step[], changes: Partial<Omit<Script, 'steps'>> = {}): Script {
  return { steps, on_sigterm: 'end', last: [], exit: 0, ...changes }
}

/** The seconds that the steps take at least. An endless step counts as `Infinity`. */
export function secondsOf ({ steps }: Script): number {
  return steps.reduce((sum, step) => sum + secondsOfStep(step), 0)
}

function secondsOfStep (step: Step): number {
  if (step.do === 'wait') return step.seconds
  if (step.do === 'map') return step.pauses.reduce((sum, pause) => sum + pause, 0)
  return step.do === 'grow' ? Infinity : 0
}
