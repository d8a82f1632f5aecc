import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { testHost } from '../support/host.ts'
import { poll } from '../support/poll.ts'
import { linesOf, readEvents, type ServerEvent } from '../support/read-events.ts'

await t.test('a job is watched while it runs', async (t) => {
  const host = await testHost(t)

  await t.test('a client that comes again sees every line once, also when job-watch is killed', async (t) => {
    const script = 'for n in $(seq 60); do echo "$n"; echo "$n of 60" > .gx4ki-progress; sleep 0.1; done'
    const id = await host.deploy({ env: { SCRIPT: script } })
    const events: ServerEvent[] = []
    let last: string | undefined
    let kills = 0
    while (events.at(-1)?.event !== 'end') {
      const answer = await fetch(`${host.url}/job/${id}/events?log=1`, {
        headers: last === undefined ? {} : { 'last-event-id': last }
      })
      if (answer.status !== 200) {
        // It starts again.
        await answer.bytes()
        await sleep(200)
        continue
      }
      try {
        for await (const event of readEvents(answer)) {
          events.push(event)
          if (event.id !== undefined) last = event.id
          if (kills < 2 && linesOf(events).length > 15 * (kills + 1)) {
            kills++
            await host.service('job-watch').kill('SIGKILL')
          }
        }
      } catch {
        // The connection broke off.
      }
    }
    t.equal(kills, 2)
    t.strictSame(linesOf(events), Array.from({ length: 60 }, (_, at) => String(at + 1)))
    t.notOk(events.some(({ data }) => data?.skipped !== undefined))
    t.match(events.at(-1)!.data, { state: 'succeeded' })
    const reports = events.flatMap(({ event, data }) =>
      event === 'progress' ? [data] : event === 'state' && data.progress !== null ? [data.progress] : [])
    t.match(reports[0], { percent: Number, message: /^of 60$/, at: /Z$/ })
    t.strictSame((await host.results(id)).map(({ name }) => name), [], 'the report is no result')
    t.equal(await host.jobLog(id), Array.from({ length: 60 }, (_, at) => `${at + 1}\n`).join(''))
  })

  await t.test('the log of a canceled job is followed to its end', async (t) => {
    const id = await host.deploy({ env: { SCRIPT: 'trap "echo last; exit 0" TERM; echo first; while :; do sleep 0.1; done' } })
    await host.reaches(id, 'running')
    const log = `${host.url}/job/${id}/log`
    await poll('the trap is set', async () => await (await fetch(log)).text() === 'first\n')
    const followed = await fetch(`${log}?follow=1`)
    t.equal(followed.status, 200)
    await host.cancel(id)
    t.equal(await followed.text(), 'first\nlast\n')
  })
})
