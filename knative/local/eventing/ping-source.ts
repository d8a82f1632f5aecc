import { CloudEvent } from 'cloudevents'
import type { PingSource } from '../manifests.ts'
import { sendEvent } from './send-event.ts'

interface PingOptions {
  sink: string
  everySeconds?: number | undefined
  log: (line: string) => void
}

/** Sends the event of a PingSource on its schedule, or every `everySeconds` if that is set. */
export function startPingSource (
  { metadata: { name, namespace }, spec }: PingSource,
  { sink, everySeconds, log }: PingOptions
) {
  const minutes = minutesOf(spec.schedule)
  const data: unknown = JSON.parse(spec.data)
  const stopping = new AbortController()
  let timer: NodeJS.Timeout
  wait()

  function wait (): void {
    timer = setTimeout(() => {
      wait()
      pingNow().catch((error: Error) => log(`ping-source: ${error.message}`))
    }, everySeconds === undefined ? untilNext(minutes, new Date()) : everySeconds * 1000)
  }

  /** Resolves when the sink has answered, or the event is lost. */
  async function pingNow (): Promise<void> {
    const event = new CloudEvent({
      type: 'dev.knative.sources.ping',
      source: `/apis/v1/namespaces/${namespace}/pingsources/${name}`,
      datacontenttype: spec.contentType,
      data
    })
    if (!await sendEvent(sink, event, { 'kn-namespace': namespace }, stopping.signal)) {
      log(`ping-source: lost a ping of ${name}: the sink did not accept it`)
    }
  }

  function stop (): void {
    clearTimeout(timer)
    stopping.abort()
  }

  return { pingNow, stop }
}

/** The interval of a cron schedule in minutes. Only `* * * * *` and a step of minutes are supported. */
export function minutesOf (schedule: string): number {
  const [, step] = /^\*(?:\/([1-9]\d?))?(?: \*){4}$/.exec(schedule) ?? []
  if (step === undefined && schedule !== '* * * * *') {
    throw new Error(`the local host supports only the schedules "* * * * *" and "*/n * * * *", not "${schedule}"`)
  }
  return Number(step ?? 1)
}

/**
 * Milliseconds from `now` to the next minute that is a multiple of `minutes`. As in cron, the count restarts each hour.
 */
export function untilNext (minutes: number, now: Date): number {
  const minute = now.getMinutes()
  const next = Math.min(60, (Math.floor(minute / minutes) + 1) * minutes)
  return (next - minute) * 60_000 - now.getSeconds() * 1000 - now.getMilliseconds()
}
