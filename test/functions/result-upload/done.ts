import t from 'tap'
import { listDigest } from '../../../shared/results/list-digest.ts'
import { listResults } from '../../../shared/results/results.ts'
import { contentKey, manifestKey } from '../../../shared/store/bucket-layout.ts'
import { getObject, headObject, putObject, removeObject } from '../../../shared/store/object-store.ts'
import { contentOf } from '../../support/content-of.ts'
import { newRecord } from '../../support/new-record.ts'
import { putContents } from '../../support/put-results.ts'
import { sendGrant } from '../../support/send-grant.ts'
import { uploadServer } from '../../support/upload-server.ts'

const one = Buffer.from('one')
const two = Buffer.from('the second')
const entries = [{ name: 'one', ...contentOf(one) }, { name: 'sub/two', ...contentOf(two) }]
const counts = { files: 2, bytes: one.length + two.length }
const said = { complete: true, left_out: [], left_out_count: 0 }
const done = { ...counts, list_sha256: listDigest(entries), ...said }

type Server = Awaited<ReturnType<typeof uploadServer>>

/** Stores both files and notes them in the journal. */
async function upload ({ ask }: Server): Promise<void> {
  const { body: { uploads } } = await ask('upload', { files: [contentOf(one), contentOf(two)] })
  if (await sendGrant(uploads[0], one) !== 200 || await sendGrant(uploads[1], two) !== 200) throw new Error('not stored')
  if ((await ask('journal', { page: 0, ...counts, entries })).status !== 204) throw new Error('no journal')
}

await t.test('when the store has all files of the journal, the manifest is written', async (t) => {
  const server = await uploadServer(t)
  await upload(server)
  t.same((await server.ask('done', done)).body, { state: 'finished' })
  t.match(await server.manifest(), { ...counts, ...said, pages: ['one'], entries, at: /^\d{4}-.*Z$/ })
  t.same(await server.published(), { one, 'sub/two': two })
})

await t.test('what is left out is in the manifest and in the list', async (t) => {
  const server = await uploadServer(t)
  await upload(server)
  const leftOut = [{ name: 'a\\x0ab', reason: 'its name must not contain control characters' }]
  const said = { ...done, complete: false, left_out: leftOut, left_out_count: 12 }
  t.same((await server.ask('done', said)).body, { state: 'finished' })
  t.match(await server.manifest(), { complete: false, left_out: leftOut, left_out_count: 12 })
  const record = newRecord({ job_uuid: server.id, attempt: server.attempt })
  t.match(await listResults(server.store, record, { limit: 10 }), { left_out: leftOut, left_out_count: 12 })
})

await t.test('after the manifest nothing of the attempt changes', async (t) => {
  const server = await uploadServer(t)
  const { ask, store, id, attempt } = server
  await upload(server)
  const three = Buffer.from('too late')
  const { body: { uploads: [late] } } = await ask('upload', { files: [contentOf(three)] })
  t.equal((await ask('done', done)).status, 200)
  const before = (await getObject(store, manifestKey(id, attempt)))!.body

  t.equal((await ask('done', done)).status, 200, 'the same again is fine: the answer may have been lost')
  const change = { page: 0, files: 1, bytes: 3, entries: [{ name: 'three', ...contentOf(three) }] }
  for (
    const [what, { status, body }] of Object.entries({
      'a new file': await ask('upload', { files: [contentOf(three)] }),
      'a content that goes': await ask('drop', { sha256: [contentOf(one).sha256] }),
      'another journal': await ask('journal', change),
      'another count': await ask('done', { ...done, files: 1 }),
      'other bytes': await ask('done', { ...done, bytes: 1 }),
      'another list': await ask('done', { ...done, list_sha256: listDigest([]) }),
      'no longer complete': await ask('done', { ...done, complete: false })
    })
  ) {
    t.equal(status, 422, what)
    t.equal(body.type, 'urn:gx4ki:problem:upload-refused')
  }

  t.equal(await sendGrant(late, three), 200, 'the store itself still takes what was granted before')
  t.same(await server.published(), { one, 'sub/two': two })
  t.same((await getObject(store, manifestKey(id, attempt)))!.body, before)
})

await t.test('counts that differ from the journal are refused, and both are named', async (t) => {
  const server = await uploadServer(t)
  await upload(server)
  for (const said of [{ files: 3, bytes: 13 }, { files: 2, bytes: 14 }, { files: 0, bytes: 0 }]) {
    const { status, body } = await server.ask('done', { ...done, ...said })
    t.equal(status, 422)
    t.equal(body.type, 'urn:gx4ki:problem:upload-refused')
    t.match(body.detail, '2 files with 13 bytes')
    t.match(body.detail, `${said.files} files with ${said.bytes} bytes`)
  }
  t.equal(await server.manifest(), undefined)
})

await t.test('an old page that comes late is not taken for the list, although its counts are the same', async (t) => {
  const server = await uploadServer(t)
  await upload(server)
  const old = contentOf(Buffer.from('eno'))
  const late = { page: 0, ...counts, entries: [{ name: 'one', ...old }, entries[1]] }
  t.equal((await server.ask('journal', late)).status, 204)
  await putContents(server.store, server, { one: 'eno' })
  t.match(await server.ask('done', done), { status: 422, body: { type: 'urn:gx4ki:problem:upload-refused' } })
  t.equal((await server.ask('journal', { page: 0, ...counts, entries })).status, 204, 'so the uploader writes it anew')
  t.same((await server.ask('done', done)).body, { state: 'finished' })
  t.same(await server.published(), { one, 'sub/two': two })
})

await t.test('contents that the store does not have are answered, until they are there', async (t) => {
  const server = await uploadServer(t)
  const { ask, store, id, attempt } = server
  await upload(server)
  const gone = contentOf(two)
  const key = contentKey(id, attempt, gone.sha256)
  await removeObject(store, key)
  t.same((await ask('done', done)).body, { state: 'missing', sha256: [gone.sha256] })
  t.equal(await server.manifest(), undefined)
  await putObject(store, key, 'only half', {}, 'unconditional')
  t.same((await ask('done', done)).body, { state: 'missing', sha256: [gone.sha256] }, 'also with another size')
  await removeObject(store, key)
  const { body: { uploads: [grant] } } = await ask('upload', { files: [gone] })
  t.equal(await sendGrant(grant, two), 200)
  t.same((await ask('done', done)).body, { state: 'finished' })
})

await t.test('an attempt without results is complete with none', async (t) => {
  const server = await uploadServer(t)
  t.same((await server.ask('done', { files: 0, bytes: 0, list_sha256: listDigest([]), ...said })).body, { state: 'finished' })
  t.match(await server.manifest(), { files: 0, bytes: 0, complete: true, pages: [], entries: [] })
})

await t.test('contents that no file has any more are removed', async (t) => {
  const server = await uploadServer(t)
  await upload(server)
  await putContents(server.store, server, { stray: 'of a file that is gone' })
  t.equal((await server.contents()).length, 3)
  t.equal((await server.ask('done', done)).status, 200)
  t.same(await server.contents(), entries.map(({ sha256 }) => sha256).sort())
})

await t.test('contents can be dropped, also twice, and only those of this attempt', async (t) => {
  const server = await uploadServer(t)
  const { store, id } = server
  await upload(server)
  const other = { id, attempt: '00000000-0000-4000-8000-000000000000' }
  await putContents(store, other, { one })
  for (let times = 0; times < 2; times++) {
    t.equal((await server.ask('drop', { sha256: [contentOf(one).sha256] })).status, 204)
    t.same(await server.contents(), [contentOf(two).sha256])
  }
  t.ok(await headObject(store, contentKey(id, other.attempt, contentOf(one).sha256)))
})
