import { signal } from '@preact/signals'

/** The current time, a few times a minute. */
export const now = signal(Date.now())

setInterval(() => {
  now.value = Date.now()
}, 10_000)
