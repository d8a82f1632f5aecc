import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { Client } from 'minio'
import t, { type Test } from 'tap'
import { makeBucket, startStore, type LocalStore } from '../../../../knative/local/store/store.ts'

// `make test` gives all tests the same store, but these tests start their own.
const { S3_ENDPOINT, S3_ACCESS_KEY, S3_SECRET_KEY, ...rest } = process.env

/** Sets the variables of the store during a test, and only the given ones. */
function settings (t: Test, env: Record<string, string> = {}): void {
  const before = process.env
  process.env = { ...rest, ...env }
  t.teardown(() => {
    process.env = before
  })
}

const clientOf = ({ endpoint, region }: LocalStore, keys: { accessKey: string, secretKey: string }) => {
  const { hostname, port } = new URL(endpoint)
  return new Client({
    endPoint: hostname,
    port: Number(port),
    useSSL: false,
    region,
    ...keys,
    retryOptions: { disableRetry: true }
  })
}

const processesOf = (dir: string) =>
  execFileSync('ps', ['-eo', 'args='], { encoding: 'utf8' }).split('\n').filter((line) => line.includes(dir))

await t.test('a local store keeps objects, accepts only its own key, and leaves no process', async (t) => {
  settings(t)
  const dir = t.testdir({})
  const store = await startStore({ dir })
  t.teardown(store.stop)
  const client = clientOf(store, store)
  t.equal(processesOf(dir).length, 1)

  await makeBucket(store, 'jobs')
  await client.putObject('jobs', 'a b+c%.txt', 'content', 7)
  t.equal(await text(await client.getObject('jobs', 'a b+c%.txt')), 'content')
  await makeBucket(store, 'jobs')
  t.equal(
    await text(await client.getObject('jobs', 'a b+c%.txt')),
    'content',
    'an existing bucket is unchanged'
  )

  const create = () =>
    client.putObject('jobs', 'once', 'x', 1, { 'if-none-match': '*' }).then(
      () => 'made',
      ({ code }: { code: string }) => code
    )
  const outcomes = await Promise.all(Array.from({ length: 20 }, create))
  t.equal(outcomes.filter((outcome) => outcome === 'made').length, 1, 'one of twenty conditional writers wins')
  t.equal(outcomes.filter((outcome) => outcome === 'PreconditionFailed').length, 19)

  t.equal((await fetch(`${store.endpoint}/jobs/once`)).status, 403, 'anonymous')
  t.equal((await fetch(`${store.endpoint}/jobs/twice`, { method: 'PUT', body: 'x' })).status, 403, 'anonymous write')
  await t.rejects(clientOf(store, { accessKey: store.accessKey, secretKey: 'guessed-guessed' }).listBuckets(), {
    code: 'SignatureDoesNotMatch'
  })
  await t.rejects(clientOf(store, { accessKey: 'guessed', secretKey: store.secretKey }).listBuckets(), {
    code: 'InvalidAccessKeyId'
  })

  await store.stop()
  t.strictSame(processesOf(dir), [])
  await t.rejects(fetch(store.endpoint))
  t.notOk(existsSync(`/tmp/seaweedfs-s3-${new URL(store.endpoint).port}.sock`))
})

await t.test('a configured store is used, and nothing is started', async (t) => {
  settings(t, { S3_ENDPOINT: 'http://s3.example:9000', S3_ACCESS_KEY: 'a', S3_SECRET_KEY: 'b' })
  const dir = t.testdir({})
  t.match(await startStore({ dir }), {
    endpoint: 'http://s3.example:9000',
    accessKey: 'a',
    secretKey: 'b',
    region: 'us-east-1'
  })
  t.strictSame(processesOf(dir), [])
})

await t.test('a configuration that cannot work gives one clear line', async (t) => {
  const starting = async (t: Test, env: Record<string, string>, message: string | RegExp) => {
    settings(t, env)
    await t.rejects(startStore({ dir: t.testdirName }), { message })
  }
  await t.test('a store without its keys', async (t) =>
    starting(
      t,
      { S3_ENDPOINT: 'http://127.0.0.1:1', S3_ACCESS_KEY: 'a' },
      'S3_ENDPOINT is set: set S3_ACCESS_KEY and S3_SECRET_KEY too'
    ))
  await t.test('another program', async (t) =>
    starting(t, { LOCAL_STORE: 'garage' }, 'LOCAL_STORE must be weed or minio, not garage'))
  await t.test('a missing program', async (t) => {
    await starting(t, { LOCAL_STORE: 'minio', PATH: t.testdir({}) }, /minio.* is not on the PATH/)
  })
  await t.test('a program that does not start is reported with its last log lines', async (t) => {
    const folder = t.testdir({ weed: '#!/bin/sh\necho "no disk left" >&2\nexit 4\n' })
    chmodSync(`${folder}/weed`, 0o755)
    await starting(t, { LOCAL_STORE: 'weed', PATH: folder }, /weed.* ended with 4\nno disk left$/)
  })
})
