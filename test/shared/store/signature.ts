import { createHash, randomBytes, randomInt } from 'node:crypto'
import { presignSignatureV4, signV4 } from 'minio/dist/esm/signing.mjs'
import t from 'tap'
import { percentEncode } from '../../../shared/http/percent-encode.ts'
import { signerWith } from '../../../shared/store/signature.ts'

const credentials = {
  accessKey: 'AKIAIOSFODNN7EXAMPLE',
  secretKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
  region: 'us-east-1'
}
const at = new Date('2013-05-24T00:00:00Z')
const host = 'examplebucket.s3.amazonaws.com'

// https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
await t.test('the signatures of the examples of Amazon', async (t) => {
  const signer = signerWith(credentials)
  for (
    const [method, path, query, headers, body, signature] of [
      ['GET', '/test.txt', '', { range: 'bytes=0-9' }, '', 'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41'],
      [
        'PUT',
        '/test%24file.text',
        '',
        { date: 'Fri, 24 May 2013 00:00:00 GMT', 'x-amz-storage-class': 'REDUCED_REDUNDANCY' },
        'Welcome to Amazon S3.',
        '98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd'
      ],
      ['GET', '/', 'lifecycle', {}, '', 'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543'],
      ['GET', '/', 'prefix=J&max-keys=2', {}, '', '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7']
    ] as const
  ) {
    const { authorization } = signer.signedHeaders({ method, path, query, headers: { ...headers, host } }, body, at)
    t.equal(authorization?.split('Signature=')[1], signature, `${method} ${path}?${query}`)
  }
  t.equal(
    signer.signedQuery({ method: 'GET', path: '/test.txt', headers: { host } }, 86_400, at),
    'X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&' +
      'X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&' +
      'X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404'
  )
})

const oneOf = <T>(values: readonly T[]): T => values[randomInt(values.length)]!
const text = (): string => Array.from({ length: randomInt(1, 12) }, () => oneOf([..."aZ09-._~!'()*& +%/=?#:,;@$ü€🚗"])).join('')

/** A request with anything that an object's key, its tags, a cursor or a condition may hold. */
function anyRequest () {
  // No name begins with another one: minio-js orders such names by the character after, which may be before `=`.
  const names = ['prefix', 'a', 'b-c', 'A', 'uploadId', 'partNumber', 'list-type'].filter(() => randomInt(2) === 1)
  const query = [...names.map((name) => `${name}=${percentEncode(text())}`), ...(randomInt(3) === 0 ? ['tagging'] : [])]
  const headers: Record<string, string> = { host: oneOf(['store:9000', '[::1]:9000', 'store.example.org']) }
  if (randomInt(2) === 1) headers['x-amz-tagging'] = new URLSearchParams({ [text()]: text() }).toString()
  if (randomInt(2) === 1) headers['if-match'] = `"${randomBytes(4).toString('hex')}"`
  if (randomInt(2) === 1) headers['range'] = 'bytes=0-9'
  return {
    method: oneOf(['GET', 'PUT', 'HEAD', 'POST', 'DELETE']),
    path: `/bucket/${percentEncode(text()).replaceAll('%2F', '/')}`,
    query: query.sort(() => randomInt(2) - 0.5).join('&'),
    headers
  }
}

await t.test('the signature of any request is that of minio-js, also after the key of the day has changed', async (t) => {
  const { accessKey, secretKey, region } = credentials
  const signer = signerWith(credentials)
  for (let tried = 0; tried < 500; tried++) {
    const request = anyRequest()
    const body = randomBytes(randomInt(100))
    const now = new Date(Date.UTC(2026, 10, 29) + randomInt(3) * 86_400_000 + randomInt(1000))
    const { authorization, ...headers } = signer.signedHeaders(request, body, now)
    const digest = createHash('sha256').update(body).digest('hex')
    const path = request.query === '' ? request.path : `${request.path}?${request.query}`
    const theirs = signV4({ ...request, path, headers } as never, accessKey, secretKey, region, now, digest)
    if (authorization !== theirs) t.equal(authorization, theirs, JSON.stringify(request))
    const presigned = presignSignatureV4(
      { ...request, path, protocol: 'http:' } as never,
      accessKey,
      secretKey,
      undefined,
      region,
      now,
      300
    )
    const signature = signer.signedQuery(request, 300, now).split('X-Amz-Signature=')[1]
    if (signature !== presigned.split('X-Amz-Signature=')[1]) t.fail(`presigned: ${JSON.stringify(request)}`)
  }
  t.pass('500 requests')
})
