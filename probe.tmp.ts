import { openStore, listObjects, putObject, request, whole } from './shared/object-store.ts'
import { createMultipart } from './functions/result-upload/multipart.ts'
const settings = { S3_ENDPOINT: 'http://127.0.0.1:26207', S3_ACCESS_KEY: 'testaccess', S3_SECRET_KEY: 'testsecret', S3_BUCKET: 'probe3' + Math.floor(Math.random()*1e6), S3_REGION: 'us-east-1' }
const store = openStore(settings)
await store.client.makeBucket(settings.S3_BUCKET)
const key = 'results/a b'
const id = await createMultipart(store, key, { a: 'b' })
for (let i = 0; i < 3; i++)
try { const r = await request(store, { method: 'GET', query: `encoding-type=url&list-type=2&max-keys=1000&prefix=`, accept: [200, 400, 403, 404, 500, 501, 503] }); console.log(r.statusCode, r.headers, (await whole(r)).toString()) } catch (e) { console.log(e) }
