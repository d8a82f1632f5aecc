import t from 'tap'
import { startHost } from '../../../knative/local/host.ts'
import { collector } from '../../support/collector.ts'
import { callerOf } from '../../support/host.ts'
import { jobTemplates } from '../../support/job-templates.ts'
import { poll } from '../../support/poll.ts'

const password = 'correct horse battery staple'
const caller = { trace: '4bf92f3577b34da6a3ce929d0e0e4736', span: '00f067aa0ba902b7' }

await t.test('a job is one trace, from the request of the caller to its end', async (t) => {
  const { environment, spans, received } = await collector(t)
  const log: string[] = []
  const host = await startHost({
    port: 0,
    pingSeconds: 3600,
    env: {
      '*': {
        ...environment,
        S3_BUCKET: `test-traces-${process.pid}`,
        TEMPLATES_DIR: jobTemplates(),
        DEFAULT_TEMPLATE: 'script'
      }
    },
    log: (line) => log.push(line)
  })
  t.teardown(() => host.stop())
  t.teardown(() => {
    if (!t.passing()) console.error(log.join('\n'))
  })
  const { deploy, reaches, result } = callerOf(host)
  const SCRIPT = 'printf %s "$TRACEPARENT" > trace'
  const id = await deploy({ template: 'script', env: { SCRIPT, PASSWORD: password } }, {
    traceparent: `00-${caller.trace}-${caller.span}-01`
  })
  await reaches(id, 'succeeded')
  const own = await poll('all spans of the job are exported', () => {
    const found = spans().filter(({ traceId }) => traceId === caller.trace)
    return found.some(({ name }) => name === 'job running') && found.some(({ name }) => name === 'POST /job/deploy') &&
      found
  })

  const request = own.find(({ name }) => name === 'POST /job/deploy')!
  t.match(request, {
    service: 'deploy',
    parentSpanId: caller.span,
    failed: false,
    attributes: { 'http.route': '/job/deploy', 'http.response.status_code': '202' }
  })
  const below = own.filter(({ parentSpanId }) => parentSpanId === request.spanId)
  const calls = below.filter(({ name }) => !name.startsWith('job ')).map(({ name }) => name)
  for (const name of ['S3.PutObject', 'POST jobs', 'POST configmaps', 'POST secrets']) {
    t.ok(calls.includes(name), `the trace has ${name}`)
  }
  const states = below.filter(({ name }) => name.startsWith('job '))
  t.strictSame(
    states.map(({ name, service, attributes }) => `${service}: ${name} -> ${attributes['gx4ki.job.next_state']}`)
      .sort(),
    [
      'deploy: job accepted -> pending',
      'job-completed: job pending -> running',
      'job-completed: job running -> succeeded'
    ]
  )
  for (const { attributes } of states) t.equal(attributes['gx4ki.job.uuid'], id)

  const event = await poll('the span of the event that reported the end is exported', () => {
    const [link] = states.find(({ name }) => name === 'job running')!.links
    return spans().find(({ spanId }) => spanId === link?.spanId)
  })
  t.match(event, { service: 'job-completed', name: 'POST /', attributes: { 'http.response.status_code': '204' } })
  const looked = await poll('the calls of that event are exported', () => {
    const found = spans().filter(({ parentSpanId }) => parentSpanId === event.spanId).map(({ name }) => name)
    return found.includes('GET jobs') && found.includes('S3.GetObject') && found
  })
  t.ok(looked.includes('S3.PutObject'))

  t.equal(
    await (await result(id, 'trace')).text(),
    `00-${caller.trace}-${request.spanId}-01`,
    'the workload can continue the trace'
  )

  const missing = await fetch(`${host.url}/job/${id}x`)
  const { trace_id: traceId } = await missing.json() as { trace_id: string }
  const refused = await poll(
    'a request without a trace of the caller starts a new trace',
    () => spans().find((span) => span.traceId === traceId)
  )
  t.match(refused, {
    service: 'result-fetch',
    name: 'GET /job/:id',
    attributes: { 'http.response.status_code': '400' }
  })
  t.notOk(refused.parentSpanId)

  const all = received.map(({ body }) => body.toString()).join('\n')
  t.notMatch(all, password)
  t.notMatch(all, 'printf', 'the traces have no value of an environment')
  t.notMatch(all, /X-Amz-|Bearer|authorization/i)
  t.notMatch(all, '/health/', 'the traces have no probes')
})
