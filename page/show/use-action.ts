import { useRef, useState } from 'preact/hooks'

export interface Action<A extends unknown[]> {
  /** Does nothing while the action runs: a second click comes before a button is drawn as disabled. */
  run: (...args: A) => void
  isRunning: boolean
  /** Why the last attempt failed. */
  error: Error | undefined
}

/** Something that the visitor starts, and that may fail. */
export function useAction<A extends unknown[]> (action: (...args: A) => Promise<void>): Action<A> {
  const busy = useRef(false)
  const [isRunning, setRunning] = useState(false)
  const [error, setError] = useState<Error>()

  function run (...args: A): void {
    if (busy.current) return
    busy.current = true
    setRunning(true)
    action(...args).then(() => setError(undefined), setError).finally(() => {
      busy.current = false
      setRunning(false)
    })
  }

  return { run, isRunning, error }
}
