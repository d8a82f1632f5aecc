import { signal } from '@preact/signals'

/** Whether the tab can be seen. A hidden one needs no stream, and six streams would block all requests of a browser. */
export const visible = signal(document.visibilityState === 'visible')

document.addEventListener('visibilitychange', () => {
  visible.value = document.visibilityState === 'visible'
})
