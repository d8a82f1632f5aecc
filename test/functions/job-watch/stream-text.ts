import { buffer } from 'node:stream/consumers'
import t from 'tap'
import type { JobFeed } from '../../../functions/job-watch/job-feed.ts'
import type { JobLog, LogPart } from '../../../functions/job-watch/log/job-log.ts'
import { logWindow } from '../../../functions/job-watch/log/log-window.ts'
import { START } from '../../../functions/job-watch/log/log-place.ts'
import { streamText } from '../../../functions/job-watch/stream-text.ts'
import { pulse } from '../../../shared/flow/pulse.ts'

await t.test('lines that were cut off, by a gap or by the end of a pod, are lines of their own', async (t) => {
  const memory = { left: 1_000_000 }
  const part = (attempt: string): LogPart =>
    ({ attempt, window: logWindow(memory), base: 0, hasCaughtUp: true, isFinished: true })
  const [first, second] = [part('a'), part('b')]
  first.window.add(Buffer.from('one\ntw'))
  first.window.gap()
  first.window.add(Buffer.from('three\nfou'))
  first.window.finish()
  second.window.add(Buffer.from('five\nsix'))
  second.window.finish()
  const log: JobLog = { parts: [first, second], hasEnded: () => true, isOver: true, changed: pulse() }
  const feed = { found: () => ({}), changed: pulse() } as unknown as JobFeed
  const text = streamText({ feed, log: () => log, leave: () => {} }, START, 10_000, new AbortController().signal)
  t.equal(
    String(await buffer(text)),
    'one\ntw\n--- 1 lines are left out here, or more ---\nthree\nfou\nfive\nsix'
  )
})
