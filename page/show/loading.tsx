import { useEffect, useState } from 'preact/hooks'

const LONG_MS = 5_000

/** A function may be asleep, and then the first answer takes a few seconds. */
export function Loading ({ what }: { what: string }) {
  const [isLong, setLong] = useState(false)
  useEffect(() => {
    const timer = setTimeout(() => setLong(true), LONG_MS)
    return () => clearTimeout(timer)
  }, [])
  return <p role='status' class='quiet'>Loading {what} …{isLong && ' The server is starting up.'}</p>
}
