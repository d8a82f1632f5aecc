import { signal } from '@preact/signals'

/** The current time, every second. */
export const now = signal(Date.now())

setInterval(() => {
  now.value = Date.now()
}, 1000)
