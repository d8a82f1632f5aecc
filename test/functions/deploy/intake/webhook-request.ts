import { randomBytes } from 'node:crypto'
import t from 'tap'
import { advance } from '../../../../shared/job/advance.ts'
import { advanceRecord, readRecord } from '../../../../shared/job/record-store.ts'
import { markerKey } from '../../../../shared/store/bucket-layout.ts'
import { removeObject } from '../../../../shared/store/object-store.ts'
import { deployServer, deployWith, keysOf } from '../../../support/deploy-server.ts'
import { problemAbout, problemOf } from '../../../support/problem-of.ts'
import { temporaryFolder } from '../../../support/temporary-folder.ts'

await t.test('a caller may request callbacks', async (t) => {
  const secret = (bytes: number): string => `whsec_${randomBytes(bytes).toString('base64')}`
  const secretsDir = temporaryFolder(t, {
    ours: secret(32),
    rotated: `${secret(24)}\n\n${secret(64)}\n`,
    empty: '\n',
    short: secret(23),
    long: secret(65),
    plain: 'hunter2hunter2hunter2hunter2',
    half: `${secret(32)}\nnot one`,
    '..data': secret(32),
    '.hidden': secret(32)
  })
  const egress = { allowed: new Set(['http://connector.edc.svc:8282']), denied: [] }
  const webhooks = { egress, secretsDir, defaultSecret: undefined }

  const { store, cluster, post } = await deployServer(t, { webhooks })
  const url = 'https://hooks.example.org/here?token=1'

  const targetsOf = async (response: Response) => {
    const { job_uuid: id } = await response.json() as { job_uuid: string }
    return (await readRecord(store, id))?.record.targets
  }

  await t.test('a callback is stored with the job, and by default it is for every end state', async (t) => {
    t.strictSame(await targetsOf(await post({ callback: { url, secret_ref: 'ours' } })), [{
      kind: 'webhook',
      url,
      events: ['succeeded', 'failed', 'canceled', 'lost'],
      secret_ref: 'ours'
    }])
    t.strictSame(
      await targetsOf(
        await post({ callback: { url: 'http://connector.edc.svc:8282/', events: ['running'], secret_ref: 'rotated' } })
      ),
      [{ kind: 'webhook', url: 'http://connector.edc.svc:8282/', events: ['running'], secret_ref: 'rotated' }]
    )
    t.equal(await targetsOf(await post({})), undefined)
  })

  await t.test('an invalid callback is refused, and nothing is left', async (t) => {
    const before = await keysOf(store)
    const cases: [object, string][] = [
      [{ url: 'http://example.org' }, 'callback.url'],
      [{ url: 'https://u:p@example.org' }, 'callback.url'],
      [{ url: 'https://10.0.0.1' }, 'callback.url'],
      [{ url: 'https://0x7f.1' }, 'callback.url'],
      [{ url: 'https://minio:9000' }, 'callback.url'],
      [{ url: 'nonsense' }, 'callback.url'],
      [{ url: '' }, 'callback.url'],
      [{ url: `https://example.org/${'a'.repeat(2048)}` }, 'callback.url'],
      [{ url: 1 }, 'callback.url'],
      [{ url: undefined }, 'callback.url'],
      [{ events: [] }, 'callback.events'],
      [{ events: ['pending'] }, 'callback.events.0'],
      [{ events: ['failed', 'failed'] }, 'callback.events'],
      [{ more: 1 }, 'callback.more'],
      ...[
        'unknown',
        'empty',
        'short',
        'long',
        'plain',
        'half',
        '../ours',
        '..data',
        '.hidden',
        '.',
        '/etc/passwd',
        'a/b',
        '',
        'a\0b'
      ].map((name): [object, string] => [{ secret_ref: name }, 'callback.secret_ref'])
    ]
    for (const [wrong, field] of cases) {
      const problem = await problemAbout(t, await post({ callback: { url, secret_ref: 'ours', ...wrong } }), field)
      t.notMatch(JSON.stringify(problem), /hunter2|whsec_[A-Za-z0-9]/)
    }
    t.strictSame(await keysOf(store), before)
  })

  await t.test('every callback has a secret: the named one or the default; without both it is refused', async (t) => {
    await problemAbout(t, await post({ callback: { url } }), 'callback.secret_ref')
    const withDefault = await deployWith(t, { store, cluster, webhooks: { ...webhooks, defaultSecret: 'rotated' } })
    t.match(await targetsOf(await withDefault.post({ callback: { url } })), [{ secret_ref: 'rotated' }])
    const without = await deployWith(t, { store, cluster, webhooks: { ...webhooks, secretsDir: undefined } })
    await problemAbout(t, await without.post({ callback: { url, secret_ref: 'ours' } }), 'callback.secret_ref')
  })

  await t.test('an idempotency key is valid for one callback only', async (t) => {
    const headers = { 'idempotency-key': 'a key' }
    const ask = async (url: string) => await post({ callback: { url, secret_ref: 'ours' } }, { headers })
    const [first, again, other] = [await ask(url), await ask(url), await ask('https://other.example.org')]
    t.strictSame(await first.json(), await again.json())
    await problemOf(t, other, 422, 'idempotency-mismatch')
  })

  await t.test('with a sink, every job has the sink as a target', async (t) => {
    const withSink = await deployWith(t, { store, cluster, webhooks, hasSink: true })
    t.strictSame(await targetsOf(await withSink.post({})), [{ kind: 'sink' }])
    t.match(await targetsOf(await withSink.post({ callback: { url, secret_ref: 'ours' } })), [{ kind: 'webhook' }, {
      kind: 'sink'
    }])
  })

  await t.test('a callback can be sent again', async (t) => {
    const { url: base, post } = await deployWith(t, { store, cluster, webhooks })
    const { job_uuid: id } = await (await post({ callback: { url, secret_ref: 'ours' } })).json() as {
      job_uuid: string
    }
    const again = async (callback: string, job = id) =>
      await fetch(`${base}/job/${job}/callback/${callback}/redeliver`, { method: 'POST' })
    await problemAbout(t, await again('0-failed'), 'callback', 404, 'unknown-callback')
    for (const state of ['delivered', 'dead', 'owed'] as const) {
      await advanceRecord(store, id, (record) => {
        const { callbacks = [], ...ended } = advance(record, { state: 'failed' }, new Date()) ?? record
        return {
          ...ended,
          revision: record.revision + 1,
          callbacks: callbacks.map(({ due_at: _, ...one }) => ({
            ...one,
            state,
            attempts: [{ at: record.created_at, status: 500 }]
          }))
        }
      })
      await removeObject(store, markerKey(id))
      const response = await again('0-failed')
      t.equal(response.status, 202)
      t.match(await response.json(), {
        id: '0-failed',
        kind: 'webhook',
        to: 'https://hooks.example.org',
        call: 'failed',
        state: 'owed',
        next_try_at: /Z$/,
        attempts: [{ at: /Z$/, status: 500, error: null }]
      })
      t.match((await readRecord(store, id))!.record.callbacks, [{ state: 'owed', due_at: /Z$/ }])
      t.ok((await keysOf(store)).includes(markerKey(id)), 'the marker exists, so the ping finds the job')
    }
    await problemAbout(t, await again('9-failed'), 'callback', 404, 'unknown-callback')
    await problemAbout(t, await again('a%2Fb'), 'callback')
    await problemAbout(t, await again('0-failed', 'fe5dfa65-0000-8000-a000-000000000000'), 'id', 404, 'unknown-job')
  })
})
