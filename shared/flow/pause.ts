import type { Pulse } from './pulse.ts'

/**
 * Waits for a time, or until one of the pulses beats or the signal aborts. It listens from the call on, so a beat
 * between a look and the pause after it is not missed if nothing is awaited in between.
 */
export async function pause (ms: number, signal: AbortSignal, ...pulses: Pulse[]): Promise<void> {
  if (signal.aborted) return
  const { promise, resolve } = Promise.withResolvers<void>()
  const stop = (): void => resolve()
  // Without a reference: the timer must not keep alive a process that stops.
  const timer = setTimeout(stop, ms).unref()
  signal.addEventListener('abort', stop)
  const leave = pulses.map((one) => one.subscribe(stop))
  await promise
  clearTimeout(timer)
  signal.removeEventListener('abort', stop)
  for (const one of leave) one()
}
