import { now } from './now.ts'
import { relativeTime } from './time-words.ts'

export function Time ({ at }: { at: string }) {
  const date = new Date(at)
  return <time dateTime={at} title={date.toLocaleString()}>{relativeTime(date.getTime(), now.value)}</time>
}
