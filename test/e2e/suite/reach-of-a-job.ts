import t from 'tap'
import { testHost } from '../../support/host.ts'
import { kubectl, kubectlJson } from '../../support/kubectl.ts'
import { poll } from '../../support/poll.ts'

await t.test('a workload cannot reach the store, the Kubernetes API, other jobs or other functions', async (t) => {
  const bucket = `test-reach-${process.pid}`
  const host = await testHost(t, { '*': { S3_BUCKET: bucket, DEFAULT_TEMPLATE: 'node' } })
  const other = await host.deploy({ env: { SCRIPT: 'await 1' } })
  await host.reaches(other, 'succeeded', 'failed')

  const asks: Record<string, [number, string]> = {
    'the list of the bucket': [403, `http://minio.gx4ki.svc:9000/${bucket}?list-type=2`],
    'the state of another job': [403, `http://minio.gx4ki.svc:9000/${bucket}/state/${other}.json`],
    'the Kubernetes API': [403, 'https://kubernetes.default.svc/api/v1/namespaces/gx4ki-jobs/pods'],
    'the uploads of another job': [
      401,
      `http://uploads.gx4ki.svc.cluster.local/job/${other}/attempt/00000000-0000-4000-8000-000000000000/upload`
    ],
    'another function through the uploads proxy': [404, 'http://uploads.gx4ki.svc.cluster.local/template']
  }
  // The workload prints to its log: the status of each request, and the names of the credentials that it finds.
  const script = `
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0'
    const { existsSync } = await import('node:fs')
    const told = {}
    for (const [what, [, url]] of Object.entries(${
    JSON.stringify(asks)
  })) told[what] = await fetch(url, what.startsWith('the uploads') ? { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' } : {}).then(({ status }) => status, (error) => String(error.cause))
    console.log(JSON.stringify({ told, tokens: ['/var/run/secrets/kubernetes.io', '/var/run/gx4ki'].filter((path) => existsSync(path)), keys: Object.keys(process.env).filter((name) => /secret|key|token/i.test(name)), uid: process.getuid() }))`
  const id = await host.deploy({ env: { SCRIPT: script } })
  await host.reaches(id, 'succeeded', 'failed')
  const log = (await host.jobLog(id)).split('\n').find((line) => line.startsWith('{'))
  t.strictSame(JSON.parse(log ?? '{}'), {
    told: Object.fromEntries(Object.entries(asks).map(([what, [status]]) => [what, status])),
    tokens: [],
    keys: [],
    uid: 65532
  })
})

await t.test('the token of an uploader allows uploads for its own job only, and only as granted', async (t) => {
  const host = await testHost(t, { '*': { DEFAULT_TEMPLATE: 'node' } })
  const ended = await host.deploy({ env: { SCRIPT: 'await 1' } })
  const { attempt: endedAttempt } = attemptOf(await host.reaches(ended, 'succeeded', 'failed'))
  const endedToken = Buffer.from(
    kubectlJson<{ data: Record<string, string> }>('get', 'secret', `gx4ki-${ended}`, '-n', 'gx4ki-jobs')
      .data['uploader-token']!,
    'base64'
  ).toString()
  const id = await host.deploy({
    env: {
      SCRIPT:
        "process.once('SIGTERM', () => process.exit()); await new Promise((resolve) => setTimeout(resolve, 120_000))"
    }
  })
  await host.reaches(id, 'running')
  const { pod } = attemptOf({ job_uuid: id })

  // Runs in the container of the uploader, with its token and its environment.
  const script = `
    const { createHash } = require('node:crypto')
    const { readFileSync } = require('node:fs')
    const { UPLOAD_URL, JOB_UUID, POD_UID, TOKEN_FILE } = process.env
    const [endedToken, ended, endedAttempt] = process.argv.slice(1)
    const own = readFileSync(TOKEN_FILE, 'utf8').trim()
    const sha256 = (text) => createHash('sha256').update(text).digest('hex')
    async function ask (token, id, attempt, content) {
      const response = await fetch(UPLOAD_URL + '/job/' + id + '/attempt/' + attempt + '/upload', {
        method: 'POST', headers: { authorization: 'Bearer ' + token, 'content-type': 'application/json' },
        body: JSON.stringify({ files: [{ size: content.length, sha256: sha256(content) }] })
      })
      return await response.json()
    }
    // A new connection for each request: the store closes a connection after a wrong request.
    const put = ({ url, headers }, body, change = (url) => url) => new Promise((resolve, reject) => {
      const options = { method: 'PUT', headers: { ...headers, 'content-length': body.length }, agent: false }
      require('node:http').request(change(url), options, (response) => resolve(response.resume().statusCode)).on('error', reject).end(body)
    })
    async function main () {
      const grant = async (content) => (await ask(own, JOB_UUID, POD_UID, content)).uploads[0]
      const again = await grant('again')
      const told = {
        'a larger body than granted': await put(await grant('hello'), 'hello and more'),
        'another body of that size': await put(await grant('hello'), 'jello'),
        'another key than granted': await put(await grant('hello'), 'hello', (url) => url.replace(sha256('hello'), sha256('jello'))),
        'the state of its job': await put(await grant('hello'), 'hello', (url) => url.replace(/results[^?]+/, 'state/' + JOB_UUID + '.json')),
        'the body that was granted': await put(again, 'again'),
        'a grant, a second time': await put(again, 'again'),
        'an upload for another job': (await ask(own, ended, endedAttempt, 'hello')).type,
        'an upload after the end': (await ask(endedToken, ended, endedAttempt, 'hello')).type
      }
      console.log(JSON.stringify(told))
    }
    main()`
  // A token may begin with a dash. Arguments after `--` are never options.
  const told = kubectl(
    'exec',
    '-n',
    'gx4ki-jobs',
    pod,
    '-c',
    'uploader',
    '--',
    'node',
    '-e',
    script,
    '--',
    endedToken,
    ended,
    endedAttempt
  )
  t.strictSame(JSON.parse(told), {
    'a larger body than granted': 403,
    'another body of that size': 400,
    'another key than granted': 403,
    'the state of its job': 403,
    'the body that was granted': 200,
    'a grant, a second time': 412,
    'an upload for another job': 'urn:gx4ki:problem:unauthorized',
    'an upload after the end': 'urn:gx4ki:problem:job-ended'
  })
  await host.cancel(id)
  await poll('the job is canceled', async () => (await host.job(id)).state === 'canceled')
  t.strictSame((await host.results(ended)).map(({ name }) => name), [], 'the other job has no result files')
})

function attemptOf ({ job_uuid: id }: { job_uuid: string }): { pod: string, attempt: string } {
  const [pod] =
    kubectlJson<{ items: { metadata: { name: string, uid: string } }[] }>(
      'get',
      'pods',
      '-n',
      'gx4ki-jobs',
      '-l',
      `gx4ki.job.uuid=${id}`
    ).items
  return { pod: pod!.metadata.name, attempt: pod!.metadata.uid }
}

t.comment('not tested: NetworkPolicies, because the network of the test cluster accepts them but does not enforce them')
