import { createHash } from 'node:crypto'
import t from 'tap'
import { clusterOf } from '../../support/cluster-of.ts'
import { testHost } from '../../support/host.ts'
import { kubectl } from '../../support/kubectl.ts'
import { poll } from '../../support/poll.ts'
import { linesOf, readEvents } from '../../support/read-events.ts'

await t.test('with all functions at zero, a deploy request, an event of the Job and a download each start a function', {
  skip: process.env['E2E'] === 'lean' && 'lean mode has no Serving'
}, async (t) => {
  const host = await testHost(t)
  const running = (): string => kubectl('get', 'pods', '-n', 'gx4ki', '-l', 'serving.knative.dev/service', '-o', 'name')
  await poll('every function is at zero', () => running() === '', 180)

  const id = await host.deploy({
    env: { SCRIPT: 'head -c 100000 /dev/urandom > noise.bin; sha256sum noise.bin | cut -c1-64' }
  })
  t.match(running(), 'deploy-')
  const { history } = await host.reaches(id, 'succeeded', 'failed')
  t.strictSame(
    history.map(({ state }) => state),
    ['accepted', 'pending', 'running', 'succeeded'],
    'no state is missing, and none is recorded twice'
  )
  const bytes = await (await host.result(id, 'noise.bin')).bytes()
  t.equal((await host.jobLog(id)).trim(), createHash('sha256').update(bytes).digest('hex'))
  t.equal((await clusterOf(host).jobs()).length, 1)

  await poll('every function is at zero again', () => running() === '', 180)
  const again = await (await host.result(id, 'noise.bin')).bytes()
  t.ok(Buffer.from(bytes).equals(again), 'the first request after scaling to zero gets the whole file')

  await poll('every function is at zero again', () => running() === '', 180)
  const events = await Array.fromAsync(readEvents(await fetch(`${host.url}/job/${id}/events?log=1`)))
  t.match(running(), /^pod\/job-watch-\S+\n$/, 'a stream starts only the function that serves it')
  t.strictSame(linesOf(events), [createHash('sha256').update(bytes).digest('hex')])
  t.match(events.at(-1), { event: 'end', data: { state: 'succeeded' } })
})
