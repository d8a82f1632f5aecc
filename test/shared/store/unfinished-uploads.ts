import t, { type Test } from 'tap'
import { createMultipart, listParts } from '../../../functions/result-upload/multipart/multipart.ts'
import { isProblem } from '../../../shared/http/problem.ts'
import { newJobId } from '../../../shared/job/job-id.ts'
import {
  contentKey,
  journalKey,
  multipartKey,
  resultsPrefix,
  uploadsPrefix
} from '../../../shared/store/bucket-layout.ts'
import { putJson } from '../../../shared/store/json-object.ts'
import { inBatches, listAll } from '../../../shared/store/object-store.ts'
import type { Store } from '../../../shared/store/open-store.ts'
import { abortMultipart, abortUploads, listUploads } from '../../../shared/store/unfinished-uploads.ts'
import { allOf } from '../../support/all-of.ts'
import { httpServer } from '../../support/http-server.ts'
import { storeAt, testStore } from '../../support/store.ts'

const digest = (n: number): string => n.toString(16).padStart(64, '0')

async function begin (store: Store, key: string, count: number): Promise<string[]> {
  return await inBatches(Array.from({ length: count }), async () => await createMultipart(store, key))
}

/** The ids of the uploads below a prefix. */
async function idsOf (store: Store, prefix: string, limit?: number): Promise<string[]> {
  return (await listUploads(store, prefix, limit)).map(({ uploadId }) => uploadId).sort()
}

async function allKeys (store: Store, prefix: string): Promise<string[]> {
  return (await allOf(listAll(store, prefix, { tags: false }))).map(({ key }) => key)
}

await t.test('all uploads of a key are listed, in pages of any size', async (t) => {
  const store = await testStore(t)
  const [key, other] = [contentKey(newJobId(), newJobId(), digest(1)), contentKey(newJobId(), newJobId(), digest(2))]
  const uploads = await begin(store, key, 7)
  const others = await begin(store, other, 3)
  for (const limit of [1, 2, 3, 6, 7, 8]) {
    t.strictSame(await idsOf(store, key, limit), uploads.toSorted(), `in pages of ${limit}`)
    t.strictSame(await idsOf(store, other, limit), others.toSorted(), `of another key, in pages of ${limit}`)
  }
  t.strictSame(await idsOf(store, contentKey(newJobId(), newJobId(), digest(3)), 2), [])
  t.strictSame(await listUploads(store, other, 2).then(([first]) => first?.key), other)
  await abortMultipart(store, key, uploads[3]!)
  await abortMultipart(store, key, uploads[3]!)
  t.strictSame(await idsOf(store, key, 2), uploads.filter((upload) => upload !== uploads[3]).sort())
})

await t.test('all uploads of the bucket are listed, in pages of any size', async (t) => {
  const store = await testStore(t)
  const uploads = (await inBatches([0, 1, 2, 3, 4], async (n) =>
    await begin(store, contentKey(newJobId(), newJobId(), digest(n)), 2))).flat()
  for (const limit of [1, 3, 10, 1000]) t.strictSame(await idsOf(store, '', limit), uploads.toSorted(), `${limit}`)
})

await t.test('more uploads than one page holds are all aborted', async (t) => {
  const store = await testStore(t)
  const [id, attempt] = [newJobId(), newJobId()]
  const key = contentKey(id, attempt, digest(1))
  const uploads = await begin(store, key, 1003)
  t.strictSame(await idsOf(store, key), uploads.toSorted())
  // MinIO lists uploads under a whole key only; below a prefix it lists none.
  const listed = (await listUploads(store, resultsPrefix(id))).length
  t.ok(listed === uploads.length || listed === 0, `${listed} are listed by prefix`)
  await abortUploads(store, id)
  t.equal((await listUploads(store, key)).length, uploads.length - listed)
})

await t.test('the noted uploads of a job are aborted with their notes, and nothing else is removed', async (t) => {
  const store = await testStore(t)
  const [id, attempt, another] = [newJobId(), newJobId(), newJobId()]
  const noted = async (job: string, n: number): Promise<{ key: string, upload: string }> => {
    const key = contentKey(job, attempt, digest(n))
    const upload = await createMultipart(store, key)
    await putJson(store, multipartKey(job, attempt, digest(n)), {
      sha256: digest(n),
      size: 5,
      upload_id: upload,
      part_size: 5
    })
    return { key, upload }
  }
  const these = await inBatches([1, 2, 3], async (n) => await noted(id, n))
  const those = await noted(another, 1)
  await putJson(store, journalKey(id, attempt), {})
  await abortUploads(store, id)
  await abortUploads(store, id)
  for (const { key, upload } of these) t.equal(await listParts(store, key, upload), undefined)
  t.strictSame(await listParts(store, those.key, those.upload), [])
  t.strictSame(await allKeys(store, uploadsPrefix(id)), [journalKey(id, attempt)])
  t.strictSame(await allKeys(store, uploadsPrefix(another)), [multipartKey(another, attempt, digest(1))])
})

/** A store that lists uploads as these answers say, and records the queries. */
async function serveUploads (t: Test, ...answers: string[]): Promise<{ store: Store, asked: string[] }> {
  const asked: string[] = []
  const { url } = await httpServer(t, (request, response) => {
    asked.push(request.url)
    response.writeHead(200, { 'content-type': 'application/xml' }).end(
      `<ListMultipartUploadsResult>${answers[asked.length - 1] ?? answers.at(-1)}</ListMultipartUploadsResult>`
    )
  })
  return { store: storeAt(url), asked }
}
const upload = (key: string, id: string): string => `<Upload><Key>${key}</Key><UploadId>${id}</UploadId></Upload>`

await t.test('a page is followed by key and upload, as AWS names both, also when it is empty', async (t) => {
  const { store, asked } = await serveUploads(
    t,
    `<IsTruncated>true</IsTruncated><NextKeyMarker>a</NextKeyMarker><NextUploadIdMarker>x+/=</NextUploadIdMarker>${upload('a', 'x+/=')}`,
    '<IsTruncated>true</IsTruncated><NextKeyMarker>a</NextKeyMarker><NextUploadIdMarker>y</NextUploadIdMarker>',
    `<IsTruncated>false</IsTruncated>${upload('b', 'z')}`
  )
  t.strictSame(await listUploads(store, 'p/'), [{ key: 'a', uploadId: 'x+/=' }, { key: 'b', uploadId: 'z' }])
  t.strictSame(asked.map((url) => url.split('?')[1]), [
    'max-uploads=1000&prefix=p%2F&uploads=',
    'key-marker=a&max-uploads=1000&prefix=p%2F&upload-id-marker=x%2B%2F%3D&uploads=',
    'key-marker=a&max-uploads=1000&prefix=p%2F&upload-id-marker=y&uploads='
  ])
})

await t.test('a list of uploads that goes on nowhere, or is not valid, counts as a store that is down', async (t) => {
  for (
    const answer of [
      `<IsTruncated>true</IsTruncated>${upload('a', 'x')}`,
      `<IsTruncated>true</IsTruncated><NextUploadIdMarker>x</NextUploadIdMarker>${upload('a', 'x')}`,
      '<Upload><Key>a</Key></Upload>',
      '<Upload><UploadId>x</UploadId></Upload>'
    ]
  ) {
    const { store } = await serveUploads(t, answer)
    t.ok(isProblem(await listUploads(store, '').catch((error: unknown) => error), 'store-unavailable'), answer)
  }
})
