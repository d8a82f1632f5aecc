import t, { type Test } from 'tap'
import { isJobToken } from '../../../shared/access/job-token.ts'
import { isJobId, newJobId } from '../../../shared/job/job-id.ts'
import { readRecord } from '../../../shared/job/record-store.ts'
import { markerKey } from '../../../shared/store/bucket-layout.ts'
import { getObject } from '../../../shared/store/object-store.ts'
import { deployServer, keysOf, templates, tokenKey } from '../../support/deploy-server.ts'
import { problemAbout, problemOf } from '../../support/problem-of.ts'

const boundary = '------------------------d74496d66958873e'
const part = (head: string, body: string): string =>
  `--${boundary}\r\nContent-Disposition: form-data; ${head}\r\n\r\n${body}\r\n`
const field = (name: string, body: string): string => part(`name="${name}"`, body)
/** As `curl -F env_file=@.env` sends it. */
const file = (body: string, name = 'env_file'): string =>
  part(`name="${name}"; filename=".env"\r\nContent-Type: application/octet-stream`, body)
const coded = (coding: string, body: string): string =>
  part(`name="env_file"; filename="a"\r\nContent-Transfer-Encoding: ${coding}`, body)
const end = `--${boundary}--\r\n`

/** Sends a body with a content type. */
const sender = (url: string) => async (body: string | Buffer, type: string, query = ''): Promise<Response> =>
  await fetch(`${url}/job/deploy${query}`, {
    method: 'POST',
    headers: { 'content-type': type },
    body: typeof body === 'string' ? body : new Uint8Array(body)
  })

async function acceptedId (t: Test, response: Response): Promise<string> {
  const text = await response.text()
  t.equal(response.status, 202, text)
  const { job_uuid: id, ...rest } = JSON.parse(text) as { job_uuid: string }
  t.ok(isJobId(id))
  t.same(rest, {
    state: 'pending',
    links: { self: `/job/${id}`, results: `/job/${id}/result/list`, log: `/job/${id}/log` }
  })
  t.equal(response.headers.get('location'), `/job/${id}`)
  return id
}

await t.test('a job is accepted when Kubernetes has all objects of the job', async (t) => {
  const { post, store, cluster } = await deployServer(t)
  const id = await acceptedId(
    t,
    await post({ template: 'other', env: { DURATION: 20, NAME: 'größer', PASSWORD: 'hunter2' } })
  )
  const name = `gx4ki-${id}`
  const [[job], [configMap], [secret]] = await Promise.all([cluster.jobs(), cluster.configMaps(), cluster.secrets()])
  const owner = [{ apiVersion: 'batch/v1', kind: 'Job', name, uid: job!.metadata!.uid! }]
  t.match(job, { metadata: { name, labels: { 'gx4ki.job.uuid': id, 'gx4ki.job.template': 'other' } } })
  t.match(configMap, {
    metadata: { name, ownerReferences: owner },
    data: { DURATION: '20', MODE: 'fast', NAME: 'größer' }
  })
  t.match(secret!.metadata, { name, ownerReferences: owner })
  const secrets = Object.fromEntries(
    Object.entries(secret!.data!).map(([key, value]) => [key, Buffer.from(value, 'base64').toString()])
  )
  t.equal(secrets['PASSWORD'], 'hunter2')
  t.ok(isJobToken(tokenKey, id, secrets['uploader-token']!))

  const { record } = (await readRecord(store, id))!
  t.match(record, {
    state: 'pending',
    template: 'other',
    env: { DURATION: '20', MODE: 'fast', NAME: 'größer' },
    job_uid: job!.metadata!.uid!,
    history: [{ state: 'accepted' }, { state: 'pending' }]
  })
  t.notOk('sealed_env' in record, 'the sealed environment is removed when Kubernetes has the Secret')
  t.equal(Date.parse(record.start_by) > Date.parse(record.created_at), true)
  t.same(await keysOf(store), [markerKey(id), `state/${id}.json`])
})

await t.test('a request without a body starts the default template with its defaults', async (t) => {
  const { url, store } = await deployServer(t)
  for (
    const init of [{}, { method: 'POST' }, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{}'
    }]
  ) {
    const id = await acceptedId(t, await fetch(`${url}/job/deploy`, init))
    t.match((await readRecord(store, id))!.record, { template: 'test', env: { DURATION: '15', MODE: 'fast' } })
  }
  const id = await acceptedId(t, await fetch(`${url}/job/deploy?template=other`))
  t.match((await readRecord(store, id))!.record, { template: 'other' })
})

await t.test('the environment may be a dotenv file, in every supported kind of body', async (t) => {
  const { url, store } = await deployServer(t)
  const send = sender(url)
  const dotenv = '\uFEFF# mine\r\nDURATION=20\r\nNAME=\'a "b" größer\'\r\n'
  const form = `multipart/form-data; boundary=${boundary}`
  for (
    const [body, type, query] of [
      [dotenv, 'text/plain', '?template=other'],
      [dotenv, 'text/plain; charset=utf-8', '?template=other'],
      [field('template', 'other') + file(dotenv) + end, form],
      [file(dotenv) + field('template', 'other') + end, form],
      [file(dotenv) + end, form, '?template=other'],
      [file(dotenv) + end, `Multipart/Form-Data; charset=utf-8; boundary="${boundary}"`, '?template=other'],
      [field('env_file', dotenv) + end, form, '?template=other'],
      [field('env_file', `#${'x'.repeat(1_000_000)}\n${dotenv.slice(1)}`) + end, form, '?template=other']
    ] as const
  ) {
    const id = await acceptedId(t, await send(body, type, query))
    t.match((await readRecord(store, id))!.record, { template: 'other', env: { DURATION: '20', NAME: 'a "b" größer' } })
  }
})

await t.test('a value arrives as it was sent, in every kind of body', async (t) => {
  const { url, store } = await deployServer(t)
  const send = sender(url)
  const form = `multipart/form-data; boundary=${boundary}`
  for (
    const [body, type, name] of [
      ['{"env":{"NAME":9007199254740993}}', 'application/json', '9007199254740993'],
      ['{"env":{"NAME":1.10}}', 'application/json', '1.10'],
      ['{"env":{"NAME":"1.10"}}', 'application/json', '1.10'],
      ['NAME=#ff8800', 'text/plain', '#ff8800'],
      ['NAME=9007199254740993', 'text/plain', '9007199254740993'],
      ['NAME=a', 'text/plain; charset=US-ASCII', 'a'],
      ['{"env":{"NAME":"ü"}}', 'application/json; charset="UTF8"', 'ü'],
      [file('NAME="-----BEGIN-----\nb+/=\n-----END-----"') + end, form, '-----BEGIN-----\nb+/=\n-----END-----']
    ] as const
  ) {
    const id = await acceptedId(t, await send(body, type))
    t.match((await readRecord(store, id))!.record, { env: { NAME: name } })
  }
})

await t.test('an invalid request creates nothing, and the answer names the wrong field', async (t) => {
  const { url, store, cluster } = await deployServer(t)
  const send = sender(url)
  const form = `multipart/form-data; boundary=${boundary}`
  const large = `#${'x'.repeat(1024 * 1024)}`
  for (
    const [name, body, type, query = ''] of [
      ['template', '{"template":"none"}', 'application/json'],
      ['template', '', 'text/plain', '?template=none'],
      ['template', '{"template":""}', 'application/json'],
      ['template', '{"template":"other"}', 'application/json', '?template=test'],
      ['template', file('# empty') + field('template', 'other') + end, form, '?template=test'],
      ['env.DURATION', '{"env":{"DURATION":0}}', 'application/json'],
      ['env.DURATION', 'DURATION=3601', 'text/plain'],
      ['env.DURATION', file('DURATION=x') + end, form],
      ['env.MODE', '{"env":{"MODE":"slower"}}', 'application/json'],
      ['env.PASSWORD', '{"env":{"PASSWORD":"hun"}}', 'application/json'],
      ['env.PATH', '{"env":{"PATH":"/bin"}}', 'application/json'],
      ['env.constructor', '{"env":{"constructor":"x"}}', 'application/json'],
      ['env.__proto__', '__proto__=x', 'text/plain'],
      ['env.DURATION', '{"env":{"DURATION":null}}', 'application/json'],
      ['env.NAME', '{"env":{"NAME":["x"]}}', 'application/json'],
      ['env', '{"env":[]}', 'application/json'],
      ['queue', '{"queue":""}', 'application/json'],
      ['queue', '{"queue":"Upper"}', 'application/json'],
      ['queue', `{"queue":"${'x'.repeat(64)}"}`, 'application/json'],
      ['queue', field('queue', 'a/b') + file('# empty') + end, form],
      ['queue', '{"template":"queued","queue":"mine"}', 'application/json'],
      ['callback_url', '{"callback_url":"http://x"}', 'application/json'],
      ['body', '[]', 'application/json'],
      ['body', '{', 'application/json'],
      ['__proto__', '{"__proto__":{}}', 'application/json'],
      ['env.NAME', '{"env":{"NAME":"a","NAME":"b"}}', 'application/json'],
      ['template', '{"template":"test","template":"other"}', 'application/json'],
      ['env.NAME', '{"env":{"NAME":"\\ud83d"}}', 'application/json'],
      ['env.NAME', '{"env":{"NAME":"a\\u0000b"}}', 'application/json'],
      ['env.DURATION', '{"env":{"DURATION":1e21}}', 'application/json'],
      ['body', Buffer.from('{"env":{"NAME":"größer"}}', 'latin1'), 'application/json'],
      ['body', '', 'application/json'],
      ['line 2', 'NAME=a\nNAME=b', 'text/plain'],
      ['line 1', 'NAME="a\\tb"', 'text/plain'],
      ['template', field('template', 'test') + field('template', 'other') + file('A=1') + end, form],
      ['env_file', file('DURATION=1') + file('DURATION=2') + end, form],
      ['line 2', 'DURATION=20\nNAME', 'text/plain'],
      ['line 3', file('A=1\r\n\r\n1A=2\r\n') + end, form],
      ['dry_run', '{}', 'application/json', '?dry_run=maybe'],
      ['dryrun', '{}', 'application/json', '?dryrun=true'],
      ['env_file', coded('quoted-printable', 'NAME=3D') + end, form],
      ['env_file', coded('BASE64', 'TkFNRT1h') + end, form],
      ['body', Buffer.from('NAME=größer', 'latin1'), 'text/plain'],
      ['env_file', Buffer.from(file('NAME=größer') + end, 'latin1'), form],
      ['env_file', Buffer.from(field('env_file', 'NAME=größer') + end, 'latin1'), form],
      ['env_file', file('DURATION=20', 'file') + end, form],
      ['env_file', field('template', 'other') + end, form],
      ['env_file', end, form],
      ['env_file', '', form],
      ['env_file', field('env_file', 'DURATION=1') + file('DURATION=2') + end, form],
      ['x', file('DURATION=20') + field('x', 'y') + end, form],
      ['second', file('DURATION=1') + file('DURATION=2', 'second') + end, form],
      ['env_file', file('') + end, form],
      ['env_file', field('env_file', '') + end, form],
      ['body', file('DURATION=1', '__proto__') + end, form],
      ['body', file('DURATION=20').slice(0, -4), form],
      ['body', file('DURATION=20') + end, 'multipart/form-data; boundary=other'],
      ['body', 'hello', form]
    ] as const
  ) {
    const response = await send(body, type, query)
    t.comment(`${type} ${String(body).slice(0, 60)}`)
    await problemAbout(
      t,
      response,
      name,
      400,
      body.includes('none') || query.includes('none') ? 'unknown-template' : 'invalid-request'
    )
  }
  for (
    const [name, body, type] of [
      ['body', large, 'text/plain'],
      ['body', `{"env":{"NAME":"${large}"}}`, 'application/json'],
      ['body', file(large) + end, form],
      ['env_file', field('env_file', large) + end, form]
    ] as const
  ) {
    await problemAbout(t, await send(body, type), name, 413, 'too-large')
  }
  for (
    const type of [
      'application/x-www-form-urlencoded',
      'application/yaml',
      'multipart/mixed; boundary=x',
      'multipart/form-data',
      'multipart/form-data; boundary=',
      'multipart/form-data; boundary=""',
      'nonsense',
      'text/plain; charset=iso-8859-1',
      'text/plain;charset="UTF-16"',
      'application/json; charset=latin1',
      'application/json; charset=utf-8; charset=utf-16',
      `multipart/form-data; charset=latin1; boundary=${boundary}`
    ]
  ) {
    await problemAbout(t, await send('DURATION=20', type), 'content-type', 415, 'unsupported-media-type')
  }
  const { errors } = await problemAbout(t, await send('{}', 'text/json'), 'content-type', 415, 'unsupported-media-type')
  t.match(errors, [{ message: 'must be application/json or text/plain or multipart/form-data' }])
  for (
    const [body, field, message] of [
      ['{"env":{"NAME":1e400}}', 'env.NAME', /^must be a string, true, false, or a number below/],
      ['{"env":{"NAME":null}}', 'env.NAME', /^must be a string, true, false, or a number below/],
      ['{"environment":{}}', 'environment', 'is not one of template, queue, env, callback'],
      ['{"callback":{}}', 'callback.url', 'is missing']
    ] as const
  ) {
    const problem = await problemAbout(t, await send(body, 'application/json'), field)
    t.match(problem.errors, [{ message }], body)
    t.equal(problem.errors!.length, 1)
  }
  t.same(await keysOf(store), [])
  t.same(await cluster.jobs(), [])
  await acceptedId(t, await send('DURATION=20', 'text/plain'))
  await acceptedId(t, await send(coded('8bit', 'NAME=ü') + end, form))
})

await t.test('the answer for an unknown template lists the usable templates', async (t) => {
  const { post } = await deployServer(t)
  for (const template of ['none', 'constructor', '__proto__', 'Test']) {
    const { errors } = await problemAbout(t, await post({ template }), 'template', 400, 'unknown-template')
    t.match(errors![0]!.message, /test, other, refused, queued/)
  }
})

await t.test('the queue of a job comes from its template, or else from the request', async (t) => {
  const { url, post, cluster, store } = await deployServer(t)
  const queueOf = async (id: string): Promise<unknown> =>
    (await cluster.jobs()).find(({ metadata }) => metadata!.name === `gx4ki-${id}`)!.metadata!
      .labels!['kueue.x-k8s.io/queue-name']
  const key = { headers: { 'idempotency-key': 'a' } }
  const mine = await acceptedId(t, await post({ queue: 'mine' }, key))
  t.equal(await queueOf(mine), 'mine')
  t.match((await readRecord(store, mine))!.record, { queue: 'mine' }, 'the record has the queue for the ping')
  await problemOf(t, await post({ queue: 'other' }, key), 422, 'idempotency-mismatch')
  t.equal(
    await queueOf(
      await acceptedId(
        t,
        await sender(url)(field('queue', 'mine') + file('# empty') + end, `multipart/form-data; boundary=${boundary}`)
      )
    ),
    'mine'
  )
  for (const body of [{ template: 'queued' }, { template: 'queued', queue: 'of-the-template' }]) {
    t.equal(await queueOf(await acceptedId(t, await post(body))), 'of-the-template')
  }
  t.equal(await queueOf(await acceptedId(t, await post({}))), undefined)
})

await t.test('a dry run validates the job and creates nothing', async (t) => {
  const { url, post, store, cluster } = await deployServer(t)
  const query = '?dry_run=true'
  const response = await post({ template: 'other', env: { DURATION: 20, PASSWORD: 'hunter2' } }, {
    query,
    headers: { 'idempotency-key': 'a' }
  })
  t.equal(response.status, 200)
  t.same(await response.json(), { dry_run: true, template: 'other', env: { DURATION: '20', MODE: 'fast' }, warnings: [] })
  t.equal((await fetch(`${url}/job/deploy${query}`)).status, 200)
  await problemAbout(t, await post({ env: { DURATION: 0 } }, { query }), 'env.DURATION')
  t.match(
    (await problemOf(t, await post({ template: 'refused' }, { query }), 422, 'rejected-by-kubernetes')).detail,
    /backoffLimit/
  )
  t.same(await keysOf(store), [])
  for (const list of [cluster.jobs, cluster.configMaps, cluster.secrets]) t.same(await list(), [])
})

await t.test('the list of templates has their variables and warnings, and for refused templates the reason', async (t) => {
  const { url, post } = await deployServer(t)
  const hasty = 'terminationGracePeriodSeconds is 30, and a full result volume of 10Gi takes 572 s to go up: ' +
    'set it to 612 or more, or make the volume "results" smaller'
  const { templates: listed, refused } = await (await fetch(`${url}/template`)).json() as {
    templates: object[]
    refused: object[]
  }
  t.same(refused, [{ file: 'broken.yaml', reason: 'it is not a Job' }])
  t.match(
    (await problemAbout(t, await post({ template: 'broken' }), 'template', 400, 'unknown-template')).detail,
    'The template broken cannot be used: it is not a Job'
  )
  t.same(listed, [...templates.values()].map(({ name, description, env }) => ({
    name,
    description,
    env,
    warnings: name === 'hasty' ? [hasty] : []
  })))
  t.match(listed[0], {
    name: 'test',
    description: 'the template test',
    env: {
      type: 'object',
      additionalProperties: false,
      properties: { DURATION: { type: 'integer', default: 15 }, PASSWORD: { writeOnly: true } }
    }
  })
})

await t.test('a secret value is in no object of the store and in no answer', async (t) => {
  const { url, post, store } = await deployServer(t)
  const bodies: string[] = []
  const secret = 'correct horse battery staple'
  for (
    const body of [{ env: { PASSWORD: secret } }, { env: { PASSWORD: secret, DURATION: 0 } }, {
      template: 'refused',
      env: { PASSWORD: secret }
    }]
  ) {
    const key = Buffer.from(JSON.stringify(body)).toString('hex').slice(0, 60)
    bodies.push(await (await post(body, { headers: { 'idempotency-key': key } })).text())
  }
  const [id] = (await keysOf(store)).filter((key) => key.startsWith('state/')).map((key) => key.slice(6, -5))
  bodies.push(await (await fetch(`${url}/job/${id}`, { method: 'DELETE' })).text())
  for (const key of await keysOf(store)) bodies.push(key, (await getObject(store, key))!.body.toString())
  for (const body of bodies) t.notMatch(body, /horse/)
})

await t.test('unknown methods and paths get a problem', async (t) => {
  const { url, store } = await deployServer(t)
  for (
    const [method, path, allow] of [
      ['PUT', '/job/deploy', 'GET, POST'],
      ['DELETE', '/job/deploy', 'GET, POST'],
      ['GET', `/job/${newJobId()}`, 'DELETE, PATCH'],
      // With the methods of result-fetch, behind the same entry point.
      ['POST', `/job/${newJobId()}`, 'DELETE, PATCH, GET, HEAD'],
      ['DELETE', '/job', 'GET, HEAD'],
      ['POST', `/job/${newJobId()}/result/archive`, 'GET, HEAD'],
      ['PATCH', `/job/${newJobId()}/callback/0-running/redeliver`, 'POST'],
      ['POST', '/demo', 'GET'],
      ['POST', '/template', 'GET, HEAD'],
      ['GET', '/', 'POST']
    ] as const
  ) {
    const response = await fetch(url + path, { method })
    t.equal(response.headers.get('allow'), allow, `${method} ${path}`)
    await problemOf(t, response, 405, 'method-not-allowed')
  }
  for (const path of ['/job/deploy', '/demo']) {
    t.equal((await fetch(url + path, { method: 'HEAD' })).status, 405, 'a HEAD request starts no job')
  }
  t.same(await keysOf(store), [])
  await problemOf(t, await fetch(`${url}/job`), 404, 'not-found')
  const id = newJobId()
  for (
    const [method, path] of [
      ['GET', '/template'],
      ['GET', '/demo'],
      // Otherwise it would cancel the job.
      ['DELETE', `/job/${id}`],
      ['POST', `/job/${id}/callback/0-running/redeliver`]
    ] as const
  ) await problemAbout(t, await fetch(`${url}${path}?dry_run=true`, { method }), 'dry_run')
})
