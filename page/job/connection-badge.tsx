import type { Connection } from '../live/follow-job.ts'

const WORDS: Record<Connection, string> = {
  live: 'live',
  polling: 'polling',
  reconnecting: 'reconnecting …',
  off: ''
}

/** Whether what is shown is current. */
export function ConnectionBadge ({ connection }: { connection: Connection }) {
  if (connection === 'off') return null
  return <span class={`badge ${connection}`}>{WORDS[connection]}</span>
}
