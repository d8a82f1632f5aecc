import { batch, signal } from '@preact/signals'
import { ask, askJson } from '../api/ask.ts'
import { isFinal, isOfType } from '../api/refusal.ts'
import type { Job, Progress } from '../api/shapes.ts'
import { linesOf, NO_LINES, withLines, withNote } from '../log/log-lines.ts'
import { hasEnded } from '../show/state-mark.tsx'
import type { ServerEvent } from '../../shared/http/streams/event-parser.ts'
import { type Connection, followJob } from './follow-job.ts'
import { backOff, pause } from './pause.ts'
import type { Cursor } from './read-events.ts'

/** Just after its end, a log may not be stored yet; or the server is away for a moment. */
const LOG_ATTEMPTS = 20

interface LogEvent {
  lines: string[]
  /** The last line goes on with the first of the next event. */
  open?: true
  /** How many lines before them the server has left out. */
  skipped?: number
  /** The pod that wrote them. */
  attempt?: string
}

/** One job as the page shows it, kept up to date while `follow` runs. */
export function watchedJob (id: string) {
  const job = signal<Job>()
  const log = signal(NO_LINES)
  const logNote = signal<string>()
  const connection = signal<Connection>('off')
  const error = signal<Error>()
  const cursor: Cursor = {}
  let isWhole = false
  let waiting: LogEvent[] = []
  let attempt: string | undefined

  /** Follows the job until it has ended or the signal is aborted. Continues where an earlier call was. */
  async function follow (until: AbortSignal): Promise<void> {
    try {
      const first = await readJob(until)
      if (!hasEnded(first.state)) {
        const hear = { event: hearEvent, job: take, connection: (how: Connection) => (connection.value = how) }
        await followJob(id, cursor, hear, until)
        if (!until.aborted) await readJob(until)
      }
      if (!isWhole && !until.aborted) await readLog(until)
    } catch (failed) {
      if (!until.aborted) error.value = failed as Error
    } finally {
      connection.value = 'off'
    }
  }

  /** The job as it is now. As long as the server is away, it is asked for again and again. */
  async function readJob (until: AbortSignal): Promise<Job> {
    for (let failures = 1; ; failures++) {
      try {
        job.value = await askJson<Job>(`/job/${id}`, { signal: until })
        error.value = undefined
        return job.value
      } catch (failed) {
        if (until.aborted || isFinal(failed)) throw failed
        // Beside a job that is shown, the state of the connection says enough.
        if (job.value === undefined) error.value = failed as Error
        connection.value = 'reconnecting'
        await pause(backOff(failures), until)
      }
    }
  }

  function take (seen: Job): void {
    job.value = seen
    if (log.peek().count === 0) logNote.value = 'This server shows the log when the job has ended.'
  }

  function hearEvent ({ type, data }: ServerEvent): void {
    if (type === 'state') job.value = JSON.parse(data) as Job
    if (type === 'progress' && job.value) job.value = { ...job.value, progress: JSON.parse(data) as Progress }
    if (type === 'log') hearLines(JSON.parse(data) as LogEvent)
    if (type === 'end') isWhole = log.peek().count > 0 || waiting.length > 0
  }

  /** Lines are shown once per frame, however many events bring them. */
  function hearLines (heard: LogEvent): void {
    if (waiting.push(heard) === 1) setTimeout(showLines, 16)
  }

  function showLines (): void {
    const added = waiting
    waiting = []
    batch(() => {
      logNote.value = undefined
      for (const { lines, open, skipped = 0, attempt: by } of added) {
        if (attempt !== undefined && by !== attempt) log.value = withNote(log.value, 'here begins the next attempt')
        // The server has not sent them, because they came too fast.
        if (skipped > 0) log.value = withNote(log.value, `${skipped} lines are left out here: the log as a file has them`)
        attempt = by
        log.value = withLines(log.value, lines, open)
      }
    })
  }

  /** The log that is kept, in place of the lines so far. */
  async function readLog (until: AbortSignal): Promise<void> {
    for (let attempt = 0; attempt < LOG_ATTEMPTS && !until.aborted; attempt++) {
      try {
        const text = await (await ask(`/job/${id}/log`, { signal: until })).text()
        waiting = []
        log.value = withLines(NO_LINES, linesOf(text))
        logNote.value = text === '' ? 'The log is empty.' : undefined
        isWhole = true
        return
      } catch (failed) {
        logNote.value = (failed as Error).message
        if (isFinal(failed) && !isOfType(failed, 'log-not-available')) return
        await pause(1500, until)
      }
    }
  }

  return { job, log, logNote, connection, error, follow }
}
