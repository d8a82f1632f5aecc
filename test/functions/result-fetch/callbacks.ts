import t from 'tap'
import type { Callback } from '../../../shared/job/callbacks/callback.ts'
import { fetchServer } from '../../support/fetch-server.ts'
import { testStore } from '../../support/store.ts'

await t.test('the callbacks of a job', async (t) => {
  const { url, create } = await fetchServer(t, await testStore(t))

  const at = '2026-11-22T13:00:00.000Z'
  const callback = (more: Partial<Callback> = {}): Callback => ({
    id: '0-failed',
    target: 0,
    call: 'failed',
    state: 'owed',
    attempts: [],
    ...more
  })

  await t.test('each callback has its attempts, and no secret data', async (t) => {
    const { job_uuid: id } = await create({
      state: 'failed',
      targets: [{
        kind: 'webhook',
        url: 'https://hooks.example.org:8443/services/PATHSECRET?token=QUERYSECRET#FRAGMENT',
        events: ['failed'],
        secret_ref: 'NAMEOFSECRET'
      }, { kind: 'sink' }],
      callbacks: [
        callback({
          due_at: '2026-11-22T15:00:00.000Z',
          trying_until: '2026-11-22T15:01:00.000Z',
          attempts: [{ at, status: 503 }, { at, error: 'Timeout' }, { at }]
        }),
        callback({ id: '1-failed', target: 1, state: 'delivered', attempts: [{ at, status: 202 }] })
      ]
    })
    const response = await fetch(`${url}/job/${id}/callback`)
    t.equal(response.status, 200)
    t.equal(response.headers.get('cache-control'), 'no-store')
    const text = await response.text()
    t.notMatch(text, /SECRET|FRAGMENT/)
    t.strictSame(JSON.parse(text), {
      callbacks: [
        {
          id: '0-failed',
          kind: 'webhook',
          to: 'https://hooks.example.org:8443',
          call: 'failed',
          state: 'owed',
          next_try_at: '2026-11-22T15:00:00.000Z',
          attempts: [{ at, status: 503, error: null }, { at, status: null, error: 'Timeout' }, {
            at,
            status: null,
            error: null
          }]
        },
        {
          id: '1-failed',
          kind: 'sink',
          to: null,
          call: 'failed',
          state: 'delivered',
          next_try_at: null,
          attempts: [{ at, status: 202, error: null }]
        }
      ]
    })
    t.notMatch(await (await fetch(`${url}/job/${id}`)).text(), /SECRET|hooks\.example/, 'no secrets in the job')
  })

  await t.test('a job without callbacks has an empty list', async (t) => {
    const { job_uuid: id } = await create()
    t.strictSame(await (await fetch(`${url}/job/${id}/callback`)).json(), { callbacks: [] })
  })

  await t.test('a job and its list entry have the worst state of all callbacks', async (t) => {
    const words: [Callback['state'][], string | null][] = [
      [['delivered', 'dead', 'owed'], 'dead'],
      [['owed', 'delivered'], 'owed'],
      [['delivered'], 'delivered'],
      [[], null]
    ]
    for (const [states, word] of words) {
      const { job_uuid: id } = await create({
        state: 'failed',
        targets: [{ kind: 'sink' }],
        callbacks: states.map((state) => callback({ state }))
      })
      t.match(await (await fetch(`${url}/job/${id}`)).json(), { callback: word })
      const { jobs } = await (await fetch(`${url}/job?limit=1000`)).json() as { jobs: { job_uuid: string }[] }
      t.match(jobs.find(({ job_uuid: listed }) => listed === id), { callback: word })
    }
  })
})
