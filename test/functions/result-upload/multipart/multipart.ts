import { randomBytes } from 'node:crypto'
import t, { type Test } from 'tap'
import { listParts } from '../../../../functions/result-upload/multipart/multipart.ts'
import { multipartKey, resultKey } from '../../../../shared/store/bucket-layout.ts'
import { getObject, getTags, listAll, putObject } from '../../../../shared/store/object-store.ts'
import type { Store } from '../../../../shared/store/open-store.ts'
import { contentOf } from '../../../support/content-of.ts'
import { sendGrant } from '../../../support/send-grant.ts'
import { type Answer, runningJob, uploadServer } from '../../../support/upload-server.ts'

/** The least that S3 takes for any part but the last. */
const PART = 5 * 2 ** 20
const name = 'Aufzeichnung 1+2 (ü).mcap'
const bytes = randomBytes(2 * PART + 1000)
const file = { name, ...contentOf(bytes) }
const digests = [0, 1, 2].map((at) => contentOf(piece(at)).sha256)

function piece (at: number, of = bytes): Buffer {
  return of.subarray(at * PART, (at + 1) * PART)
}

type Server = Awaited<ReturnType<typeof start>>

async function start (t: Test) {
  const server = await uploadServer(t, { smallestPart: PART })
  return { ...server, key: resultKey(server.id, server.attempt, name) }
}

async function begin ({ ask }: Server, what = file): Promise<string> {
  const { body } = await ask('upload', what)
  return body.upload_id
}

async function sendPart (
  { ask }: Server,
  uploadId: string,
  at: number,
  of = bytes
): Promise<number> {
  const part = piece(at, of)
  const { body: grant } = await ask('upload/part', { name, upload_id: uploadId, number: at + 1, ...contentOf(part) })
  return await sendGrant(grant, part)
}

async function complete ({ ask }: Server, uploadId: string, parts = digests): Promise<Answer> {
  return await ask('upload/complete', { ...file, upload_id: uploadId, parts })
}

async function notes (store: Store): Promise<string[]> {
  const keys = []
  for await (const { key } of listAll(store, 'uploads/', { tags: false })) keys.push(key)
  return keys
}

await t.test('a large file goes in parts, with the job and the sha256 as tags, and leaves no note', async (t) => {
  const server = await start(t)
  const { status, body: offer } = await server.ask('upload', file)
  t.equal(status, 200)
  t.match(offer, { state: 'multipart', upload_id: String, part_size: PART, parts: [] })
  t.same(await notes(server.store), [multipartKey(server.id, server.attempt, contentOf(Buffer.from(name)).sha256)])
  for (const at of [0, 1, 2]) t.equal(await sendPart(server, offer.upload_id, at), 200)
  t.match(await complete(server, offer.upload_id), { status: 200, body: { state: 'stored' } })

  t.ok((await getObject(server.store, server.key))?.body.equals(bytes))
  t.same(await getTags(server.store, server.key), { job: server.id, sha256: file.sha256 })
  t.same(await notes(server.store), [])
  t.same((await server.ask('upload', file)).body, { state: 'stored' })
  t.match(
    await complete(server, offer.upload_id),
    { status: 200, body: { state: 'stored' } },
    'completing again is fine'
  )
})

await t.test('a broken upload of the same file goes on where it stopped', async (t) => {
  const server = await start(t)
  const uploadId = await begin(server)
  for (const at of [0, 2]) t.equal(await sendPart(server, uploadId, at), 200)
  const { body: offer } = await server.ask('upload', file)
  t.equal(offer.upload_id, uploadId)
  t.match(offer.parts, [{ number: 1, size: PART }, { number: 3, size: 1000 }])
  t.equal(await sendPart(server, uploadId, 1), 200)
  t.equal((await complete(server, uploadId)).status, 200)
  t.ok((await getObject(server.store, server.key))?.body.equals(bytes))
})

await t.test('an upload that the store has given up begins anew', async (t) => {
  const server = await start(t)
  const uploadId = await begin(server)
  await server.store.client.abortMultipartUpload(server.store.bucket, server.key, uploadId)
  const { body: offer } = await server.ask('upload', file)
  t.not(offer.upload_id, uploadId)
  t.same(offer.parts, [])
})

await t.test('a file that has changed on the way begins anew, and the old parts are freed', async (t) => {
  const server = await start(t)
  const uploadId = await begin(server)
  t.equal(await sendPart(server, uploadId, 0), 200)
  const grown = Buffer.concat([bytes, bytes.subarray(0, 10)])
  const { body: offer } = await server.ask('upload', { name, ...contentOf(grown) })
  t.not(offer.upload_id, uploadId)
  t.same(offer.parts, [])
  t.equal(await listParts(server.store, server.key, uploadId), undefined)
  t.equal(
    (await server.ask('upload/part', { name, upload_id: uploadId, number: 1, ...contentOf(piece(0)) })).status,
    422
  )

  const small = Buffer.from('it was all a mistake')
  t.equal((await server.ask('upload', { name, ...contentOf(small) })).body.state, 'granted')
  t.equal(await listParts(server.store, server.key, offer.upload_id), undefined, 'also when it has become small')
  t.same(await notes(server.store), [])
})

await t.test('a large file takes the place of a small one', async (t) => {
  const server = await start(t)
  const small = Buffer.from('only the head')
  t.equal(await sendGrant((await server.ask('upload', { name, ...contentOf(small) })).body, small), 200)
  const uploadId = await begin(server)
  for (const at of [0, 1, 2]) t.equal(await sendPart(server, uploadId, at), 200)
  t.equal((await complete(server, uploadId)).status, 200)
  t.ok((await getObject(server.store, server.key))?.body.equals(bytes))
})

await t.test('only the granted bytes of a part arrive', async (t) => {
  const server = await start(t)
  const uploadId = await begin(server)
  const { body: grant } = await server.ask('upload/part', {
    name,
    upload_id: uploadId,
    number: 1,
    ...contentOf(piece(0))
  })
  t.equal(await sendGrant(grant, piece(1)), 400)
  const { 'x-amz-checksum-sha256': checksum, ...bare } = grant.headers
  t.ok(checksum)
  t.match(await sendGrant({ ...grant, headers: bare }, piece(0)), /^40[03]$/)
  t.equal(await sendGrant({ ...grant, url: grant.url.replace('partNumber=1', 'partNumber=2') }, piece(0)), 403)
  t.same(await listParts(server.store, server.key, uploadId), [])
})

await t.test('a part must be one of the file', async (t) => {
  const server = await start(t)
  const uploadId = await begin(server)
  for (
    const [number, size, field] of [[1, PART - 1, 'size'], [3, PART, 'size'], [4, 1, 'number'], [
      10_000,
      PART,
      'number'
    ]]
  ) {
    const { status, body } = await server.ask('upload/part', {
      name,
      upload_id: uploadId,
      number,
      size,
      sha256: digests[0]
    })
    t.equal(status, 422, `part ${number} of ${size} bytes`)
    t.equal(body.errors[0].field, field)
  }
})

await t.test('a token opens no upload but those of its job', async (t) => {
  const server = await start(t)
  const other = await runningJob(server.store, server.tokenKey)
  const foreign = await server.ask('upload', file, {
    path: `/job/${other.id}/attempt/${server.attempt}`,
    token: other.token
  })
  const ofOtherName = await server.ask('upload', { ...file, name: 'other' })
  await begin(server)
  for (const uploadId of [foreign.body.upload_id, ofOtherName.body.upload_id, 'made-up']) {
    const part = await server.ask('upload/part', { name, upload_id: uploadId, number: 1, ...contentOf(piece(0)) })
    const completed = await complete(server, uploadId)
    for (const { status, body } of [part, completed]) {
      t.equal(status, 422)
      t.equal(body.errors[0].field, 'upload_id')
    }
  }
})

await t.test('parts that are missing or not those of the file make no file', async (t) => {
  const server = await start(t)
  const uploadId = await begin(server)
  for (const at of [0, 1]) t.equal(await sendPart(server, uploadId, at), 200)
  const early = await complete(server, uploadId)
  t.equal(early.status, 422)
  t.match(early.body.detail, 'has 3 parts; 2 are there')
  t.equal(await sendPart(server, uploadId, 2), 200)
  t.equal((await complete(server, uploadId, digests.slice(1))).status, 422)
  t.equal((await listParts(server.store, server.key, uploadId))?.length, 3, 'and until then nothing is lost')

  t.equal((await complete(server, uploadId, digests.toReversed())).status, 422)
  t.equal(await getObject(server.store, server.key), undefined)
  t.equal(await listParts(server.store, server.key, uploadId), undefined, 'parts of another file are of no use')
  t.not(await begin(server), uploadId)
})

await t.test('completing never overwrites', async (t) => {
  const server = await start(t)
  const uploadId = await begin(server)
  for (const at of [0, 1, 2]) t.equal(await sendPart(server, uploadId, at), 200)
  await putObject(server.store, server.key, 'somebody else', { sha256: 'other' }, 'unconditional')
  t.equal((await complete(server, uploadId)).status, 422)
  t.same((await getObject(server.store, server.key))?.body.toString(), 'somebody else')
  t.same(await notes(server.store), [])
  t.equal(await listParts(server.store, server.key, uploadId), undefined)
})

await t.test('when the same file is there already the parts are freed', async (t) => {
  const server = await start(t)
  const uploadId = await begin(server)
  for (const at of [0, 1, 2]) t.equal(await sendPart(server, uploadId, at), 200)
  await putObject(server.store, server.key, bytes, { job: server.id, sha256: file.sha256 }, 'unconditional')
  t.match(await complete(server, uploadId), { status: 200, body: { state: 'stored' } })
  t.equal(await listParts(server.store, server.key, uploadId), undefined)
  t.same(await notes(server.store), [])
})
