import { CloudEvent } from 'cloudevents'
import type { PingSource } from '../manifests.ts'
import { sendEvent } from './send-event.ts'

interface PingOptions {
  sink: string
  everySeconds?: number | undefined
  log: (line: string) => void
}

/** Sends the event of a PingSource when its schedule says so, or every `everySeconds` when that is given. */
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
      log(`ping-source: lost a ping of ${name}`)
    }
  }

  function stop (): void {
    clearTimeout(timer)
    stopping.abort()
  }

  return { pingNow, stop }
}

/** Every how many minutes a schedule fires. Of cron only `* * * * *` and a step of minutes are understood here. */
export function minutesOf (schedule: string): number {
  const [, step] = /^\*(?:\/([1-9]\d?))?(?: \*){4}$/.exec(schedule) ?? []
  if (step === undefined && schedule !== '* * * * *') {
    throw new Error(`the local host understands no schedule but "* * * * *" and "*/n * * * *", not "${schedule}"`)
  }
  return Number(step ?? 1)
}

/**
 * Milliseconds from `now` to the next minute that is a multiple of `minutes`, counted anew in each hour as cron does.
 */
export function untilNext (minutes: number, now: Date): number {
  const minute = now.getMinutes()
  const next = Math.min(60, (Math.floor(minute / minutes) + 1) * minutes)
  return (next - minute) * 60_000 - now.getSeconds() * 1000 - now.getMilliseconds()
}
