/** Resolves after this time, or at once when the signal is aborted. */
export async function pause (ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, ms)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      resolve()
    }, { once: true })
  })
}

/** The pause before the next attempt: 1 s, 2 s, 4 s, … at most 30 s; less by chance, so that not all come at once. */
export function backOff (failures: number, random = Math.random()): number {
  return Math.min(30_000, 1000 * 2 ** (failures - 1)) * (0.5 + random / 2)
}
