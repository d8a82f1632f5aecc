import t from 'tap'
import { newRecord } from '../../../support/new-record.ts'
import { createRecord } from '../../../../shared/job/record-store.ts'
import { poll } from '../../../support/poll.ts'
import { linesOf, readEvents, type ServerEvent } from '../../../support/read-events.ts'
import { WAIT, watchedPlace } from '../../../support/watched-place.ts'
import { watchServer } from '../../../support/watch-server.ts'

await t.test('the log of a job that runs', async (t) => {
  const place = await watchedPlace(t)
  const { store, cluster, run } = place
  const watch = await watchServer(t, { store, cluster })

  const lines = (count: number, from = 1): string[] => Array.from({ length: count }, (_, at) => `line ${from + at}`)

  /** The first events, up to the one that `enough` wants. Then the client hangs up. */
  async function someOf (
    id: string,
    query: string,
    last: string | undefined,
    enough: (events: ServerEvent[]) => boolean
  ) {
    const hangUp = new AbortController()
    const events: ServerEvent[] = []
    for await (const event of readEvents(await watch.open(id, query, last, hangUp.signal))) {
      events.push(event)
      if (enough(events)) break
    }
    hangUp.abort()
    return events
  }

  await t.test('a job is watched from its begin to its end, with its lines', async (t) => {
    const job = await run(`seq -f "line %g" 100; ${WAIT}; seq -f "line %g" 101 200; printf "no end"`)
    const answer = await watch.open(job.id, '?log=1')
    t.match(Object.fromEntries(answer.headers), {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no'
    })
    const events: ServerEvent[] = []
    for await (const event of readEvents(answer)) {
      events.push(event)
      if (linesOf(events).length === 100) {
        job.release()
        await job.end()
      }
    }
    t.strictSame(linesOf(events), [...lines(200), 'no end'])
    t.strictSame(events.filter(({ event }) => event === 'state').map(({ data }) => data.state), ['running', 'succeeded'])
    t.match(events[0]!.data, { job_uuid: job.id, history: Array, results: null })
    t.strictSame(events.at(-1)!.data, { state: 'succeeded' })
    t.strictSame(events.at(-1)!.event, 'end')
    t.ok(events.every(({ data }) => data.skipped === undefined))
    t.match(events.find(({ event }) => event === 'log')!.data, { attempt: job.attempt })

    const again = await watch.events(job.id, '?log=1')
    t.strictSame(linesOf(again), [...lines(200), 'no end'], 'the kept log has the same lines')
    t.equal((await watch.open(job.id, '?log=1', events.at(-1)!.id)).status, 204, 'and after the end there is nothing')
  })

  await t.test('a stream goes on after any event, live and from the kept log, without a lost or doubled line', async (t) => {
    const job = await run(`seq -f "line %g" 20000; ${WAIT}; seq -f "line %g" 20001 40000`)
    const first = await someOf(job.id, '?log=1', undefined, (events) => linesOf(events).length === 20000)
    const places = first.filter(({ event }) => event === 'log')
    t.ok(places.length > 1)
    for (const [at, { id }] of places.entries()) {
      const before = linesOf(places.slice(0, at + 1))
      if (before.length === 20000) continue
      const rest = await someOf(job.id, '?log=1', id, (events) => linesOf(events).length >= 20000 - before.length)
      t.strictSame([...before, ...linesOf(rest)], lines(20000), 'while it runs')
    }
    job.release()
    await job.end()
    // A process that knows nothing, and one that has followed.
    for (const { events } of [watch, await watchServer(t, { store, cluster })]) {
      for (const [at, { id }] of places.entries()) {
        const before = linesOf(places.slice(0, at + 1))
        const rest = await events(job.id, '?log=1', id)
        t.strictSame([...before, ...linesOf(rest)], lines(40_000))
        t.ok(rest.every(({ data }) => data?.skipped === undefined))
      }
    }
    const kept = await (await watchServer(t, { store, cluster })).events(job.id, '?log=1')
    const lastOf = (events: ServerEvent[]): unknown => events.at(-1)!.id
    t.equal(lastOf(kept), lastOf(await watch.events(job.id, '?log=1')), 'the same id after the same line')
  })

  await t.test('an id of another log begins anew, and says that lines may be missing', async (t) => {
    const job = await run(`seq -f "line %g" 10; ${WAIT}`)
    job.release()
    await job.end()
    const id = `${job.attempt}.9999999.1a2b`
    const events = await watch.events(job.id, '?log=1', id)
    t.strictSame(linesOf(events), lines(10))
    t.match(events.find(({ event }) => event === 'log')!.data, { skipped: 1 })
    for (const id of ['', 'x', '..', `${'9'.repeat(190)}`]) {
      t.strictSame(linesOf(await watch.events(job.id, '?log=1', id)), lines(10), id)
    }
  })

  await t.test('a stream can begin with the last lines, or have none', async (t) => {
    const job = await run(`seq -f "line %g" 1000; ${WAIT}; echo line 1001`)
    await poll('its lines', async () => (await (await watch.log(job.id)).text()).includes('line 1000\n'))
    const live = await someOf(job.id, '?log=1&tail=3', undefined, (events) => linesOf(events).length >= 3)
    t.strictSame(linesOf(live), lines(3, 998))
    job.release()
    await job.end()
    t.strictSame(linesOf(await watch.events(job.id, '?log=1&tail=2')), lines(2, 1000))
    t.strictSame(linesOf(await watch.events(job.id, '?log=1&tail=0')), [])
    const without = await watch.events(job.id)
    t.strictSame(without.map(({ event }) => event), ['state', 'end'])
  })

  await t.test('a client that is cut off before its first line goes on from there, also with a tail', async (t) => {
    const job = await run(`seq -f "line %g" 10; ${WAIT}; seq -f "line %g" 11 20`)
    await poll('its lines', async () => (await (await watch.log(job.id)).text()).includes('line 10\n'))
    const begun = await someOf(job.id, '?log=1&tail=0', undefined, (events) => events.at(-1)!.event === 'log')
    t.strictSame(begun.at(-1)!.data, { attempt: job.attempt, lines: [] })
    const whole = await someOf(job.id, '?log=1', undefined, () => true)
    t.match(whole, [{ event: 'state', id: 'start' }])
    job.release()
    await job.end()
    t.strictSame(linesOf(await watch.events(job.id, '?log=1&tail=0', begun.at(-1)!.id)), lines(10, 11))
    t.strictSame(linesOf(await watch.events(job.id, '?log=1&tail=0', whole[0]!.id)), lines(20))

    const record = newRecord({ state: 'pending' })
    await createRecord(store, record)
    const pending = await someOf(record.job_uuid, '?log=1&tail=0', undefined, () => true)
    t.match(pending, [{ event: 'state', id: 'start' }], 'of a log that has not begun, all is wanted')
  })

  await t.test('the log of a running job is there, to be read and to be followed', async (t) => {
    const job = await run(`seq -f "line %g" 10; ${WAIT}; echo line 11`)
    await poll('its lines', async () => (await (await watch.log(job.id)).text()).includes('line 10\n'))
    const answer = await watch.log(job.id)
    t.match([answer.status, answer.headers.get('content-type'), answer.headers.get('etag')], [200, 'text/plain; charset=utf-8', null])
    t.equal(await answer.text(), lines(10).join('\n') + '\n')
    t.equal(await (await watch.log(job.id, '?tail=2')).text(), 'line 9\nline 10\n')
    t.equal((await fetch(`${watch.url}/job/${job.id}/log`, { method: 'HEAD' })).status, 200)
    const following = [watch.log(job.id, '?follow=1'), watch.log(job.id, '?follow=1&tail=1')]
    const texts = ['', '']
    const read = following.map(async (answer, at) => {
      for await (const bytes of (await answer).body!) texts[at] += Buffer.from(bytes).toString()
    })
    await poll('both have what there is', () => texts.every((text) => text.endsWith('line 10\n')))
    job.release()
    await job.end()
    await Promise.all(read)
    t.strictSame(texts, [`${lines(11).join('\n')}\n`, 'line 10\nline 11\n'])
    t.equal(await (await watch.log(job.id, '?follow=1')).text(), `${lines(11).join('\n')}\n`, 'and when it has ended')
  })

  await t.test('the answer to one who follows begins before the first line', async (t) => {
    const job = await run(`${WAIT}; echo line 1`)
    const answer = await watch.log(job.id, '?follow=1')
    t.equal(answer.status, 200)
    job.release()
    await job.end()
    t.equal(await answer.text(), 'line 1\n')
  })

  await t.test('a stored log has a tail, and ranges', async (t) => {
    const job = await run(`seq -f "line %g" 100000; ${WAIT}; printf "no end"`)
    job.release()
    await job.end()
    const whole = `${lines(100_000).join('\n')}\nno end`
    const { headers } = await watch.log(job.id)
    t.match([headers.get('content-length'), headers.get('accept-ranges')], [String(whole.length), 'bytes'])
    for (const tail of [0, 1, 2, 50_000, 100_000]) {
      const from = tail === 0 ? whole.length : whole.split('\n').slice(0, 100_001 - tail).join('\n').length + 1
      t.equal(await (await watch.log(job.id, `?tail=${tail}`)).text(), whole.slice(from), `the last ${tail}`)
    }
    const part = await watch.log(job.id, '', { range: 'bytes=5-14' })
    t.match([part.status, part.headers.get('content-range')], [206, `bytes 5-14/${whole.length}`])
    t.equal(await part.text(), whole.slice(5, 15))
    t.equal((await watch.log(job.id, '', { range: 'bytes=9999999-' })).status, 416)
    t.equal((await watch.log(job.id, '', { 'if-none-match': headers.get('etag')! })).status, 304)
  })

  await t.test('a stream waits for a job that has not started, and ends before Knative would cut it', async (t) => {
    const brief = await watchServer(t, { store, cluster, times: { longest: 2000, ping: 200 } })
    const record = newRecord({ state: 'pending' })
    await createRecord(store, record)
    const events = await brief.events(record.job_uuid, '?log=1')
    t.match(events[0], { event: 'state', data: { state: 'pending' } })
    t.ok(events.slice(1).length >= 2)
    t.ok(events.slice(1).every(({ event, data }) => event === '' && data === undefined), 'only pings follow')
  })

  await t.test('a function that stops ends its streams at once', async (t) => {
    const stopping = await watchServer(t, { store, cluster })
    const job = await run(WAIT)
    const answer = await stopping.open(job.id, '?log=1')
    const events = readEvents(answer)
    t.match((await events.next()).value, { event: 'state' })
    await stopping.close()
    t.strictSame(await Array.fromAsync(events), [])
    job.release()
  })
})
