import type { ServerResponse } from 'node:http'
import t, { type Test } from 'tap'
import { advance } from '../../../../shared/job/advance.ts'
import { advanceRecord, createRecord } from '../../../../shared/job/record-store.ts'
import { JOB_LABEL } from '../../../../shared/kubernetes/cluster.ts'
import { logKey } from '../../../../shared/store/bucket-layout.ts'
import { putObject } from '../../../../shared/store/object-store.ts'
import { clusterAt } from '../../../support/cluster-at.ts'
import { httpServer } from '../../../support/http-server.ts'
import { newRecord } from '../../../support/new-record.ts'
import { poll } from '../../../support/poll.ts'
import { linesOf, readEvents, type ServerEvent } from '../../../support/read-events.ts'
import { testStore } from '../../../support/store.ts'
import { watchServer } from '../../../support/watch-server.ts'

const lines = (count: number, from = 1): string[] => Array.from({ length: count }, (_, at) => `line ${from + at} of the log`)
const textOf = (some: string[]): string => some.map((line) => `${line}\n`).join('')

const CONTAINER = `containerd://${'0123abcd'.repeat(8)}`

/** A kubelet that has one file of a log, as the test says, and sends it to all that follow it. */
async function scripted (t: Test, memory?: number) {
  const store = await testStore(t)
  const attempts = ['11111111-1111-4111-8111-111111111111', '22222222-2222-4222-8222-222222222222']
  const state = {
    attempt: 0,
    file: '',
    /** What the kubelet says in place of the log. */
    said: undefined as string | undefined,
    asked: 0,
    isRunning: true,
    followers: new Set<ServerResponse>(),
    most: 0
  }
  const record = newRecord({ state: 'running', attempt: attempts[0]!, started_at: new Date().toISOString() })
  const { job_uuid: id } = record
  await createRecord(store, record)
  const { url } = await httpServer(t, (request, response) => {
    if (!request.url.includes('/log')) {
      const began = { startedAt: record.started_at }
      const items = attempts.slice(0, state.attempt + 1).map((uid, at) => {
        const runs = state.isRunning && at === state.attempt
        const status = runs ? { running: began } : { terminated: { exitCode: 0, ...began } }
        return {
          metadata: {
            name: `pod-${at}`,
            uid,
            creationTimestamp: new Date(at * 1000).toISOString(),
            labels: { [JOB_LABEL]: id }
          },
          spec: { containers: [{ name: 'main' }] },
          status: { phase: 'Running', containerStatuses: [{ name: 'main', containerID: CONTAINER, state: status }] }
        }
      })
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ kind: 'PodList', metadata: {}, items }))
      return
    }
    response.writeHead(200, { 'content-type': 'text/plain' })
    if (state.said !== undefined) {
      response.end(state.said)
      state.asked++
      return
    }
    response.write(state.file)
    if (!request.url.includes('follow=true') || !state.isRunning) {
      response.end()
      return
    }
    state.followers.add(response)
    state.most = Math.max(state.most, state.followers.size)
    response.once('close', () => state.followers.delete(response))
  })
  const watch = await watchServer(t, { store, cluster: clusterAt(t, url), ...memory !== undefined && { memory } })
  return {
    id,
    watch,
    state,
    write (text: string): void {
      state.file += text
      for (const follower of state.followers) follower.write(text)
    },
    /** Breaks all connections that follow. */
    cut (): void {
      for (const follower of state.followers) follower.destroy()
    },
    /** What is written from now on is in a new file, and only that is sent. */
    rotate (): void {
      state.file = ''
    },
    replacePod (): void {
      state.attempt++
      state.file = ''
      for (const follower of state.followers) follower.end()
      // What comes now is not written to them.
      state.followers.clear()
    },
    async end (kept = state.file): Promise<void> {
      state.isRunning = false
      const attempt = attempts[state.attempt]!
      await putObject(store, logKey(id), kept, { whole: 'true', attempt, before: '0' }, 'unconditional')
      await advanceRecord(store, id, (one) => advance(one, { state: 'succeeded', attempt }, new Date()))
      for (const follower of state.followers) follower.end()
    },
    /** Reads events, and calls a step each time that so many lines are there. */
    async readWith (
      steps: [lines: number, step: () => unknown][],
      last?: string,
      hangUp = false
    ): Promise<ServerEvent[]> {
      const events: ServerEvent[] = []
      const gone = new AbortController()
      const left = [...steps]
      const signal = AbortSignal.any([gone.signal, AbortSignal.timeout(40_000)])
      for await (const event of readEvents(await watch.open(id, '?log=1', last, signal))) {
        events.push(event)
        while (left[0] !== undefined && linesOf(events).length >= left[0][0]) await left.shift()![1]()
        if (hangUp && left.length === 0) break
      }
      gone.abort()
      return events
    }
  }
}

const skippedIn = (events: ServerEvent[]): unknown[] =>
  events.flatMap(({ data }) => data?.skipped === undefined ? [] : [data.skipped])

await t.test('a stream from the kubelet that breaks loses and doubles nothing', async (t) => {
  const { readWith, write, cut, end } = await scripted(t)
  write(textOf(lines(1000)))
  const events = await readWith([
    [1000, () => {
      write('line 1001 of')
      cut()
      write(` the log\n${textOf(lines(500, 1002))}`)
    }],
    [1501, () => {
      cut()
      write(textOf(lines(1, 1502)))
    }],
    [1502, end]
  ])
  t.strictSame(linesOf(events), lines(1502))
  t.strictSame(skippedIn(events), [])
})

await t.test('a log that is rotated goes on, and a client finds its place in the new file', async (t) => {
  const { readWith, write, cut, rotate, end, state } = await scripted(t)
  write(textOf(lines(1000)))
  const first = await readWith([[1000, () => {}]], undefined, true)
  const last = first.at(-1)!.id
  // The newest lines are in the new file, too.
  rotate()
  state.file = textOf(lines(100, 901))
  cut()
  write(textOf(lines(10, 1001)))
  const second = await readWith([[10, () => end()]], last)
  t.strictSame([...linesOf(first), ...linesOf(second)], lines(1010))
  t.strictSame(skippedIn(second), [])
})

await t.test('lines that a rotation has taken away are said to be left out', async (t) => {
  const { readWith, write, cut, rotate, end } = await scripted(t)
  write(textOf(lines(1000)))
  const events = await readWith([
    [1000, () => {
      rotate()
      cut()
      write(textOf(lines(10, 2001)))
    }],
    [1010, () => end()]
  ])
  t.strictSame(linesOf(events), [...lines(1000), ...lines(10, 2001)])
  t.strictSame(skippedIn(events), [1])
})

await t.test('the log of a new pod follows that of the one before', async (t) => {
  const { readWith, write, replacePod, end } = await scripted(t)
  write(textOf(lines(10)))
  const events = await readWith([
    [10, () => {
      replacePod()
      write(textOf(lines(5)))
    }],
    [15, () => end()]
  ])
  t.strictSame(linesOf(events), [...lines(10), ...lines(5)])
  t.equal(new Set(events.flatMap(({ data }) => data?.attempt ?? [])).size, 2)
  t.strictSame(skippedIn(events), [])
})

await t.test('what the kubelet says of a container that it has removed is no line of the log', async (t) => {
  for (const open of ['', 'no newline']) {
    const { id, readWith, write, end, state, watch } = await scripted(t)
    write(textOf(lines(10)) + open)
    const all = textOf(lines(10)) + open
    const text = watch.log(id, '?follow=1').then(async (answer) => await answer.text())
    const events = await readWith([
      [10, async () => {
        state.said = `unable to retrieve container logs for ${CONTAINER}`
        for (const follower of state.followers) follower.end()
        await poll('the log is asked for again', () => state.asked > 1)
        t.equal((await watch.log(id)).status, 404)
        await end(all)
      }]
    ])
    t.strictSame(linesOf(events), [...lines(10), ...open === '' ? [] : [open]])
    t.strictSame(skippedIn(events), [])
    t.equal(await text, all)
  }
})

await t.test('however many watch a job, its log is followed once, and a stream that begins later misses nothing', async (t) => {
  const { readWith, write, end, state } = await scripted(t)
  write(textOf(lines(1000)))
  const waiting = { first: 20, all: 21 }
  const read = async (): Promise<string[]> =>
    linesOf(await readWith([[1500, () => --waiting.all === 0 && end()]]))
  const all: Promise<string[]>[] = Array.from({ length: 20 }, async () =>
    linesOf(await readWith([
      [1000, () => --waiting.first === 0 && write(textOf(lines(500, 1001)))],
      [1500, () => --waiting.all === 1 && all.push(read())]
    ])))
  for (let at = 0; at < all.length; at++) t.strictSame(await all[at], lines(1500))
  t.equal(all.length, 21)
  t.equal(state.most, 1)
})

await t.test('a log that comes faster than a client reads needs no more memory, and it is said what is left out', async (t) => {
  const memory = 4 * 1024 * 1024
  const { watch, id, write, end, readWith, state } = await scripted(t, memory)
  write(textOf(lines(1)))
  await readWith([[1, () => {}]], undefined, true)
  const answer = await watch.open(id, '?log=1')
  const events = readEvents(answer)
  t.match((await events.next()).value, { event: 'state' })
  // The client reads nothing more until all is written.
  let written = 1
  for (let block = 0; block < 40; block++) {
    write(textOf(lines(20_000, written + 1)))
    written += 20_000
    state.file = ''
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  await end('')
  let [seen, skipped] = [0, 0]
  let [expected, wrong] = [1, 0]
  for await (const { event, data } of events) {
    if (event !== 'log') continue
    skipped += data.skipped ?? 0
    expected += data.skipped ?? 0
    for (const line of data.lines) if (line !== `line ${expected++} of the log`) wrong++
    seen += data.lines.length
  }
  t.equal(wrong, 0, 'exactly so many are left out as it says')
  t.ok(skipped > 0)
  t.equal(seen + skipped, written)
})

await t.test('a line without an end is cut', async (t) => {
  const { readWith, write, end } = await scripted(t)
  write('x'.repeat(200_000))
  const events = await readWith([[3, () => end()]])
  t.equal(linesOf(events).join(''), 'x'.repeat(200_000))
  t.equal(linesOf(events).length, 4)
})

await t.test('a long line comes in parts that say so, from which the log can be put together', async (t) => {
  const { readWith, write, end } = await scripted(t)
  const log = `short\n${'x'.repeat(200_000)}\nnext\n${'y'.repeat(70_000)}`
  write(log)
  const events = (await readWith([[1, () => end()]])).filter(({ event }) => event === 'log')
  t.ok(events.map(({ data: { lines, open } }) => lines.join('\n') + (open === true ? '' : '\n')).join('') === log)
  t.ok(events.some(({ data }) => !('open' in data)), 'whole lines say nothing of the kind')
})
