import { randomBytes } from 'node:crypto'
import t, { type Test } from 'tap'
import { listParts } from '../../../../functions/result-upload/multipart/multipart.ts'
import { contentKey, multipartKey } from '../../../../shared/store/bucket-layout.ts'
import { getObject, listAll, putObject } from '../../../../shared/store/object-store.ts'
import { abortMultipart, listUploads } from '../../../../shared/store/unfinished-uploads.ts'
import type { Store } from '../../../../shared/store/open-store.ts'
import { contentOf } from '../../../support/content-of.ts'
import { sendGrant } from '../../../support/send-grant.ts'
import { type Answer, runningJob, uploadServer } from '../../../support/upload-server.ts'

/** The least that S3 takes for any part but the last. */
const PART = 5 * 2 ** 20
const bytes = randomBytes(2 * PART + 1000)
const file = contentOf(bytes)
const { sha256 } = file
const digests = [0, 1, 2].map((at) => contentOf(piece(at)).sha256)

function piece (at: number): Buffer {
  return bytes.subarray(at * PART, (at + 1) * PART)
}

type Server = Awaited<ReturnType<typeof start>>

async function start (t: Test) {
  const server = await uploadServer(t, { largestPut: PART, smallestPart: PART })
  return { ...server, key: contentKey(server.id, server.attempt, sha256) }
}

/** The answer to the question how a file can be sent. */
async function offer ({ ask }: Server, what = file) {
  const { body: { uploads: [offered] } } = await ask('upload', { files: [what] })
  return offered
}

async function begin (server: Server): Promise<string> {
  return (await offer(server)).upload_id
}

/** The request for a grant of a part. */
function partOf (uploadId: string, at: number, part = piece(at)): object {
  return { sha256, upload_id: uploadId, number: at + 1, size: part.length, part_sha256: contentOf(part).sha256 }
}

async function sendPart ({ ask }: Server, uploadId: string, at: number): Promise<number> {
  const { body: grant } = await ask('upload/part', partOf(uploadId, at))
  return await sendGrant(grant, piece(at))
}

async function complete ({ ask }: Server, uploadId: string, parts = digests): Promise<Answer> {
  return await ask('upload/complete', { ...file, upload_id: uploadId, parts })
}

async function notes (store: Store): Promise<string[]> {
  const keys = []
  for await (const { key } of listAll(store, 'uploads/', { tags: false })) keys.push(key)
  return keys
}

await t.test('a large file goes in parts and leaves no note', async (t) => {
  const server = await start(t)
  const offered = await offer(server)
  t.match(offered, { state: 'multipart', upload_id: String, part_size: PART, parts: [] })
  t.same(await notes(server.store), [multipartKey(server.id, server.attempt, sha256)])
  for (const at of [0, 1, 2]) t.equal(await sendPart(server, offered.upload_id, at), 200)
  t.match(await complete(server, offered.upload_id), { status: 200, body: { state: 'stored' } })

  t.ok((await getObject(server.store, server.key))?.body.equals(bytes))
  t.same(await notes(server.store), [])
  t.same(await offer(server), { state: 'stored' })
  t.match(
    await complete(server, offered.upload_id),
    { status: 200, body: { state: 'stored' } },
    'completing again is fine'
  )
})

await t.test('a broken upload of the same file goes on where it stopped', async (t) => {
  const server = await start(t)
  const uploadId = await begin(server)
  for (const at of [0, 2]) t.equal(await sendPart(server, uploadId, at), 200)
  const offered = await offer(server)
  t.equal(offered.upload_id, uploadId)
  t.match(offered.parts, [{ number: 1, size: PART }, { number: 3, size: 1000 }])
  t.equal(await sendPart(server, uploadId, 1), 200)
  t.equal((await complete(server, uploadId)).status, 200)
  t.ok((await getObject(server.store, server.key))?.body.equals(bytes))
})

await t.test('requests for one file at the same time get one upload, and no other is left', async (t) => {
  const server = await start(t)
  const { body: { uploads } } = await server.ask('upload', { files: Array.from({ length: 8 }, () => file) })
  t.equal(new Set(uploads.map(({ upload_id: id }: { upload_id: string }) => id)).size, 1)
  const [{ upload_id: uploadId }] = uploads
  t.strictSame(await listUploads(server.store, server.key), [{ key: server.key, uploadId }])
  for (const at of [0, 1, 2]) t.equal(await sendPart(server, uploadId, at), 200)
  t.equal((await complete(server, uploadId)).status, 200)
})

await t.test('an upload that the store has given up begins anew', async (t) => {
  const server = await start(t)
  const uploadId = await begin(server)
  await abortMultipart(server.store, server.key, uploadId)
  const offered = await offer(server)
  t.not(offered.upload_id, uploadId)
  t.same(offered.parts, [])
})

await t.test('another content has an upload of its own, whose note does not stand in the way', async (t) => {
  const server = await start(t)
  const uploadId = await begin(server)
  t.equal(await sendPart(server, uploadId, 0), 200)
  const grown = contentOf(Buffer.concat([bytes, bytes.subarray(0, 10)]))
  const offered = await offer(server, grown)
  t.not(offered.upload_id, uploadId)
  t.same(offered.parts, [])
  t.equal((await offer(server)).upload_id, uploadId, 'and the first one can still go on')
})

await t.test('the same digest with another size begins anew, and the old parts are freed', async (t) => {
  const server = await start(t)
  const uploadId = await begin(server)
  t.equal(await sendPart(server, uploadId, 0), 200)
  const offered = await offer(server, { sha256, size: file.size + 1 })
  t.not(offered.upload_id, uploadId)
  t.equal(await listParts(server.store, server.key, uploadId), undefined)
  t.equal((await server.ask('upload/part', partOf(uploadId, 0))).status, 422)
})

await t.test('only the granted bytes of a part arrive', async (t) => {
  const server = await start(t)
  const uploadId = await begin(server)
  const { body: grant } = await server.ask('upload/part', partOf(uploadId, 0))
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
    const [number, size, field] of [[1, PART - 1, 'size'], [3, PART, 'size'], [4, 1, 'number'], [10_000, PART, 'number']]
  ) {
    const { status, body } = await server.ask('upload/part', {
      sha256,
      upload_id: uploadId,
      number,
      size,
      part_sha256: digests[0]
    })
    t.equal(status, 422, `part ${number} of ${size} bytes`)
    t.equal(body.errors[0].field, field)
  }
})

await t.test('an upload id opens nothing but the upload of its content and its job', async (t) => {
  const server = await start(t)
  const other = await runningJob(server.store, server.tokenKey)
  const { body: { uploads: [foreign] } } = await server.ask('upload', { files: [file] }, {
    path: `/job/${other.id}/attempt/${server.attempt}`,
    token: other.token
  })
  const ofOtherContent = await offer(server, { size: file.size, sha256: digests[0]! })
  await begin(server)
  for (const uploadId of [foreign.upload_id, ofOtherContent.upload_id, 'made-up']) {
    const part = await server.ask('upload/part', partOf(uploadId, 0))
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
  await putObject(server.store, server.key, 'another size', {}, 'unconditional')
  t.equal((await complete(server, uploadId)).status, 422)
  t.same((await getObject(server.store, server.key))?.body.toString(), 'another size')
  t.same(await notes(server.store), [])
  t.equal(await listParts(server.store, server.key, uploadId), undefined)
})

await t.test('when the same file is there already the parts are freed', async (t) => {
  const server = await start(t)
  const uploadId = await begin(server)
  for (const at of [0, 1, 2]) t.equal(await sendPart(server, uploadId, at), 200)
  await putObject(server.store, server.key, bytes, {}, 'unconditional')
  t.match(await complete(server, uploadId), { status: 200, body: { state: 'stored' } })
  t.equal(await listParts(server.store, server.key, uploadId), undefined)
  t.same(await notes(server.store), [])
})

await t.test('the limit between one piece and parts is exact', async (t) => {
  const server = await uploadServer(t, { largestPut: PART, smallestPart: PART })
  const { body: { uploads } } = await server.ask('upload', {
    files: [{ size: PART, sha256: digests[0] }, { size: PART + 1, sha256: digests[1] }]
  })
  t.match(uploads, [{ state: 'granted' }, { state: 'multipart' }])
})
