import { existsSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

/**
 * `running`: the workload runs. `ended`: it has ended, and nothing writes any more. `cut`: the pod is ending, the
 * workload writes on, and the rest of the time is needed for what is there.
 */
export type Phase = 'running' | 'ended' | 'cut'

export interface End {
  phase: () => Phase
  /** Aborted when the uploader is about to be killed, and must say what it has. */
  over: AbortSignal
  /** Resolves after so many milliseconds, or earlier when the phase changes or the time is over. */
  wait: (ms: number) => Promise<void>
}

export interface Times {
  /** Written by the preStop hook when the pod begins to end. */
  stopFile: string
  /** The pod's grace period, and how much of it the workload may take when it is told to end. Seconds. */
  grace: number
  workload: number
}

const LOOK_MS = 500

/** What of the grace period is kept to say what is up and what is not. Seconds. */
const lastWords = (grace: number): number => Math.min(30, Math.max(2, grace / 10))

/** The longest delay of a timer; a longer one would be over at once. Milliseconds. */
const LONGEST_MS = 2 ** 31 - 1

function after (seconds: number, run: () => void): void {
  setTimeout(run, Math.min(seconds * 1000, LONGEST_MS)).unref()
}

/**
 * Follows the end of the pod. Kubernetes runs the preStop hook of a sidecar when the pod begins to end, SIGTERM follows
 * when all other containers have ended, and SIGKILL when the grace period is over, counted from the hook.
 */
export function watchEnd ({ stopFile, grace, workload }: Times): End {
  let phase: Phase = 'running'
  let begun = false
  const over = new AbortController()
  let turn = new AbortController()

  const enter = (next: Phase): void => {
    phase = next
    turn.abort()
    turn = new AbortController()
  }
  const begin = (): void => {
    if (begun) return
    begun = true
    after(workload, () => phase === 'running' && enter('cut'))
    after(grace - lastWords(grace), () => over.abort(new Error('the time is over')))
  }

  process.on('SIGTERM', () => {
    begin()
    enter('ended')
  })
  const looking = setInterval(() => {
    if (existsSync(stopFile)) begin()
    if (begun) clearInterval(looking)
  }, LOOK_MS).unref()

  return {
    phase: () => phase,
    over: over.signal,
    async wait (ms) {
      const signal = AbortSignal.any([turn.signal, over.signal])
      await sleep(ms, undefined, { signal }).catch((error) => {
        if (!signal.aborted) throw error
      })
    }
  }
}
