import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { request } from 'node:http'
import { text } from 'node:stream/consumers'
import { CloudEvent, HTTP } from 'cloudevents'
import t, { type Test } from 'tap'
import { newJobId } from '../../../shared/job/job-id.ts'
import { closedUrl } from '../../support/closed-url.ts'
import { kubeconfigFor } from '../../support/cluster-at.ts'
import { collector } from '../../support/collector.ts'
import { jobData } from '../../support/completed-server.ts'
import { poll } from '../../support/poll.ts'

/** Prints each OpenTelemetry module when it is loaded. */
const telltale = `
import { registerHooks } from 'node:module'
registerHooks({ load (url, context, next) {
  if (/export-traces|opentelemetry/.test(url)) console.error('loaded ' + url)
  return next(url, context)
} })`

/** A function as it runs on a cluster, with a store and an API server that do not answer. */
async function run (t: Test, name: string, env: Record<string, string>) {
  const folder = t.testdir({ 'telltale.mjs': telltale })
  const closed = await closedUrl()
  const settings = {
    PORT: '0',
    S3_ENDPOINT: closed,
    S3_ACCESS_KEY: 'a',
    S3_SECRET_KEY: 'a hidden key',
    KUBECONFIG: kubeconfigFor(t, closed)
  }
  const child = spawn(process.execPath, ['--import', `${folder}/telltale.mjs`, `dist/${name}.cjs`], {
    env: { ...settings, ...env },
    stdio: ['ignore', 'pipe', 'pipe']
  })
  t.teardown(() => child.kill('SIGKILL'))
  const exit = once(child, 'exit').then(([code]) => code as number | null)
  const errors = text(child.stderr)
  let out = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    out += chunk
  })
  return {
    url: async () => await poll('it listens', () => /http:\/\/127.0.0.1:\d+/.exec(out)?.[0]),
    log: () => out,
    /** Stops the function. Returns its exit code and its stderr. */
    async end () {
      child.kill('SIGTERM')
      return { code: await exit, errors: await errors }
    },
    ended: async () => ({ code: await exit, errors: await errors })
  }
}

await t.test('no function has OpenTelemetry in its bundle', async (t) => {
  const { outputs } = JSON.parse(readFileSync('dist/metafile.json', 'utf8')) as {
    outputs: Record<string, { inputs: object, imports: { path: string, kind: string }[] }>
  }
  for (const name of ['deploy', 'job-completed', 'job-watch', 'result-fetch', 'result-upload']) {
    const { inputs, imports } = outputs[`dist/${name}.cjs`]!
    t.strictSame(Object.keys(inputs).filter((path) => path.includes('@opentelemetry')), [], name)
    t.strictSame(imports.filter(({ path }) => path.includes('export-traces')).map(({ kind }) => kind), [
      'dynamic-import'
    ], name)
  }
  t.ok(Object.keys(outputs['dist/export-traces.cjs']!.inputs).some((path) => path.includes('@opentelemetry/sdk-trace')))
})

await t.test('OpenTelemetry is loaded only when a collector is configured', async (t) => {
  const somewhere = { OTEL_EXPORTER_OTLP_ENDPOINT: await closedUrl() }
  for (
    const [env, isLoaded] of [[{}, false], [{ OTEL_EXPORTER_OTLP_ENDPOINT: '' }, false], [{
      ...somewhere,
      OTEL_SDK_DISABLED: 'true'
    }, false], [somewhere, true]] as const
  ) {
    const { url, end } = await run(t, 'result-fetch', env)
    t.equal((await fetch(`${await url()}/none`)).status, 404)
    const { code, errors } = await end()
    t.equal(code, 0)
    t.equal(/loaded .*export-traces\.cjs/.test(errors), isLoaded, JSON.stringify(Object.keys(env)))
    if (!isLoaded) t.equal(errors, '')
    // No collector receives the spans. The function works, and logs a warning.
    else t.match(errors, /"level":"warn","function":"result-fetch".*"msg":"traces: .*ECONNREFUSED/)
  }
})

await t.test('buffered spans are sent at shutdown', async (t) => {
  const { environment, spans } = await collector(t)
  const { url, end } = await run(t, 'result-fetch', { ...environment, OTEL_SERVICE_NAME: 'mine' })
  const { trace_id: traceId } = await (await fetch(`${await url()}/job`)).json() as { trace_id: string }
  t.equal((await fetch(`${await url()}/health/readiness`)).status, 200)
  t.equal((await end()).code, 0)
  const own = spans()
  t.match(own.find(({ name }) => name === 'GET /job'), {
    traceId,
    service: 'mine',
    failed: true,
    attributes: { 'error.type': '503' }
  })
  t.match(own.find(({ name }) => name === 'S3.ListObjectsV2'), {
    traceId,
    failed: true,
    attributes: { 'error.type': 'none' }
  })
  t.equal(own.length, 2, 'the probe has no span')
})

await t.test('a request with an event continues the trace of the event', async (t) => {
  const { environment, spans } = await collector(t)
  const { url, log, end } = await run(t, 'job-completed', environment)
  const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((digit) => digit.repeat(32)) as [string, string, string, string]
  const parent = '00f067aa0ba902b7'
  const send = async (traceparent: string, mode: 'binary' | 'structured', header?: string): Promise<void> => {
    const { headers, body } = HTTP[mode](
      new CloudEvent({
        type: 'dev.knative.apiserver.resource.update',
        source: '/test',
        data: jobData(newJobId()),
        traceparent
      })
    )
    const response = await fetch(await url(), {
      method: 'POST',
      headers: { ...headers as Record<string, string>, ...(header && { traceparent: header }) },
      body: body as string
    })
    t.equal(response.status, 503, 'it has no store')
  }
  await send(`00-${a}-${parent}-01`, 'binary')
  await send(`00-${b}-${parent}-01`, 'structured')
  await send(`00-${c}-${parent}-01`, 'binary', `00-${d}-${parent}-01`)
  await send(`00-${'e'.repeat(32)}-${parent}-00`, 'binary')
  t.equal((await end()).code, 0)
  const [first, second, third, ...more] = spans().filter(({ name }) => name === 'POST /')
  t.match(first, { traceId: a, parentSpanId: parent, name: 'POST /', service: 'job-completed', links: [] })
  t.match(
    second,
    { traceId: /^[0-9a-f]{32}$/, links: [{ traceId: b, spanId: parent }] },
    'in structured mode, the trace of the event is known only after the body is read, so it is linked'
  )
  t.notOk(second!.parentSpanId)
  t.match(
    third,
    { traceId: d, parentSpanId: parent, links: [{ traceId: c }] },
    'the trace of the HTTP request is the parent; the trace of the event is linked'
  )
  t.strictSame(more, [], 'a trace that the caller does not sample is not sampled')
  for (const id of [a, d, second!.traceId]) t.match(log(), `"trace_id":"${id}"`)
})

await t.test('spans after a late body belong to the span of their request', async (t) => {
  const { environment, spans } = await collector(t)
  const { url, end } = await run(t, 'job-completed', environment)
  const { headers, body } = HTTP.binary(
    new CloudEvent({ type: 'dev.knative.apiserver.resource.update', source: '/test', data: jobData(newJobId()) })
  )
  const slow = request(await url(), {
    method: 'POST',
    headers: { ...headers as Record<string, string>, expect: '100-continue' }
  })
  slow.flushHeaders()
  await once(slow, 'continue')
  const answered = once(slow, 'response')
  slow.end(body)
  const [response] = await answered
  t.equal(response.statusCode, 503)
  response.resume()
  await end()
  const own = spans()
  const handled = own.find(({ name }) => name === 'POST /')!
  t.match(own.find(({ name }) => name === 'S3.GetObject'), { traceId: handled.traceId, parentSpanId: handled.spanId })
})

await t.test('an unsupported OTLP protocol makes the start fail', async (t) => {
  const { ended } = await run(t, 'result-fetch', {
    OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4317',
    OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc'
  })
  const { code, errors } = await ended()
  t.equal(code, 1)
  t.match(errors, /"level":"fatal".*OTEL_EXPORTER_OTLP_PROTOCOL must be http\/protobuf or http\/json, not grpc/)
})
