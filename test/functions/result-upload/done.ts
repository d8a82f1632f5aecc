import t from 'tap'
import { hasManifest } from '../../../shared/results/manifest.ts'
import { manifestKey, resultKey } from '../../../shared/store/bucket-layout.ts'
import { getObject, putObject } from '../../../shared/store/object-store.ts'
import { contentOf } from '../../support/content-of.ts'
import { sendGrant } from '../../support/send-grant.ts'
import { uploadServer } from '../../support/upload-server.ts'

const one = Buffer.from('one')
const two = Buffer.from('the second')

await t.test('all is up when the counts are equal, and then nothing changes any more', async (t) => {
  const { ask, store, id, attempt } = await uploadServer(t)
  for (const [name, bytes] of [['one', one], ['sub/two', two]] as const) {
    t.equal(await sendGrant((await ask('upload', { name, ...contentOf(bytes) })).body, bytes), 200)
  }
  t.equal((await ask('done', { files: 2, bytes: one.length + two.length })).status, 200)
  const manifest = JSON.parse((await getObject(store, manifestKey(id, attempt)))!.body.toString())
  t.match(manifest, { files: 2, bytes: 13, at: /^\d{4}-.*Z$/ })
  t.equal((await ask('done', { files: 2, bytes: 13 })).status, 200, 'saying it again is fine')

  t.same((await ask('upload', { name: 'one', ...contentOf(one) })).body, { state: 'stored' })
  for (
    const [what, answer] of Object.entries({
      'a new file': await ask('upload', { name: 'three', ...contentOf(two) }),
      'a changed file': await ask('upload', { name: 'one', ...contentOf(two) }),
      'taking one back': await ask('upload?name=one', undefined, { method: 'DELETE' })
    })
  ) {
    t.equal(answer.status, 422, what)
    t.equal(answer.body.type, 'urn:gx4ki:problem:upload-refused')
  }
  t.same((await getObject(store, resultKey(id, attempt, 'one')))?.body, one)
})

await t.test('differing counts are refused, and both are named', async (t) => {
  const { ask, store, id, attempt } = await uploadServer(t)
  t.equal(await sendGrant((await ask('upload', { name: 'one', ...contentOf(one) })).body, one), 200)
  for (const said of [{ files: 2, bytes: 3 }, { files: 1, bytes: 4 }, { files: 0, bytes: 0 }]) {
    const { status, body } = await ask('done', said)
    t.equal(status, 422)
    t.equal(body.type, 'urn:gx4ki:problem:upload-refused')
    t.match(body.detail, '1 files with 3 bytes')
    t.match(body.detail, `${said.files} files with ${said.bytes} bytes`)
  }
  t.notOk(await hasManifest(store, id, attempt))
})

await t.test('an attempt without results is complete with none', async (t) => {
  const { ask, store, id, attempt } = await uploadServer(t)
  t.equal((await ask('done', { files: 0, bytes: 0 })).status, 200)
  t.ok(await hasManifest(store, id, attempt))
})

await t.test('a file can be taken back, also twice', async (t) => {
  const { ask, store, id, attempt } = await uploadServer(t)
  const name = 'ä+%?.tmp'
  t.equal(await sendGrant((await ask('upload', { name, ...contentOf(one) })).body, one), 200)
  for (let times = 0; times < 2; times++) {
    t.equal((await ask(`upload?name=${encodeURIComponent(name)}`, undefined, { method: 'DELETE' })).status, 204)
    t.equal(await getObject(store, resultKey(id, attempt, name)), undefined)
  }
})

await t.test('many files are counted and listed whole', async (t) => {
  const { ask, store, id, attempt } = await uploadServer(t)
  const names = Array.from({ length: 1001 }, (_, at) => `part/${String(at).padStart(4, '0')}`)
  for (let from = 0; from < names.length; from += 50) {
    await Promise.all(
      names.slice(from, from + 50).map((name) =>
        putObject(store, resultKey(id, attempt, name), 'x', {}, 'unconditional')
      )
    )
  }
  const first = (await ask('upload', undefined, { method: 'GET' })).body
  t.equal(first.names.length, 1000)
  const second =
    (await ask(`upload?cursor=${encodeURIComponent(first.next_cursor)}`, undefined, { method: 'GET' })).body
  t.equal(second.next_cursor, null)
  t.same([...first.names, ...second.names], names)
  t.equal((await ask('done', { files: 1001, bytes: 1001 })).status, 200)
})
