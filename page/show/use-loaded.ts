import { useEffect, useState } from 'preact/hooks'
import { credential } from '../sign-in/credential.ts'

export interface Loaded<T> {
  value: T | undefined
  error: Error | undefined
  again: () => void
}

/**
 * Loads something when the view appears, when one of `deps` changes, and when the visitor has signed in. An error
 * leaves the value that is there.
 */
export function useLoaded<T> (load: (signal: AbortSignal) => Promise<T>, deps: unknown[]): Loaded<T> {
  const [value, setValue] = useState<T>()
  const [error, setError] = useState<Error>()
  const [attempt, setAttempt] = useState(0)
  useEffect(() => {
    const gone = new AbortController()
    load(gone.signal).then((loaded) => {
      if (gone.signal.aborted) return
      setValue(() => loaded)
      setError(undefined)
    }, (failed: Error) => {
      if (!gone.signal.aborted) setError(failed)
    })
    return () => gone.abort()
  }, [...deps, attempt, credential.value])
  return { value, error, again: () => setAttempt(attempt + 1) }
}
