import t from 'tap'
import { jobEvent } from '../../../shared/events/job-event.ts'
import { CALLBACK_DUE, SOON_MS } from '../../../shared/events/remind.ts'
import type { State } from '../../../shared/job/job-state.ts'
import { toldStates } from '../../../shared/job/callbacks/target.ts'
import { newRecord } from '../../support/new-record.ts'
import { readYaml } from '../../support/read-yaml.ts'

const objects = [...readYaml('knative/base'), ...readYaml('knative/components/job-events')]
const names = (apiVersion: string) =>
  objects.filter((object) => object.kind === 'Service' && object.apiVersion === apiVersion).map(({ metadata }) =>
    metadata.name
  )

await t.test('every Trigger sets its delivery and its dead letter sink', async (t) => {
  const triggers = objects.filter(({ kind }) => kind === 'Trigger')
  t.equal(triggers.length, 5)
  for (const { metadata, spec } of triggers) {
    t.match(spec.delivery, {
      retry: Number,
      backoffPolicy: 'exponential',
      backoffDelay: /^PT[\d.]+S$/,
      timeout: /^PT\d+S$/
    }, metadata.name)
    t.match(spec.delivery.deadLetterSink, { ref: { kind: 'Service', name: 'job-completed' }, uri: '/dead-letter' })
    t.ok(names('serving.knative.dev/v1').includes(spec.subscriber.ref.name), `${spec.subscriber.ref.name} exists`)
    t.equal(spec.broker, 'gx4ki')
  }
})

await t.test('a reminder of a callback that is due leads to job-completed', async (t) => {
  const { metadata, spec } = objects.find(({ spec }) => spec?.filter?.attributes?.type === CALLBACK_DUE)!
  t.equal(spec.subscriber.ref.name, 'job-completed')
  t.ok(Number(/^PT(\d+)S$/.exec(spec.delivery.timeout)![1]) * 1000 > SOON_MS, 'it is held until the callback is due')
  const { BROKER_URL: url } = objects.find(({ data }) => data?.BROKER_URL !== undefined)!.data
  t.equal(new URL(url).pathname, `/${metadata.namespace}/${spec.broker}`, 'the path of a Broker is its namespace and name')
})

await t.test('no Kubernetes Service has the name of a Knative Service', async (t) => {
  for (const name of names('v1')) t.notOk(names('serving.knative.dev/v1').includes(name), name)
})

await t.test('no Trigger sends the events of a function back to a function', async (t) => {
  const sent = ['accepted', ...toldStates].map((state) =>
    jobEvent(newRecord({ history: [{ state: state as State, at: new Date().toISOString() }] }), state as State, '')
      .toJSON()
  )
  const filters: Record<string, string>[] = objects.filter(({ kind }) => kind === 'Trigger').map(({ spec }) =>
    spec.filter.attributes
  )
  for (const event of sent) {
    t.strictSame(
      filters.filter((filter) => Object.entries(filter).every(([name, value]) => event[name] === value)),
      [],
      String(event['type'])
    )
  }
})

await t.test('the Broker is the sink of deploy, which adds it to jobs, and of job-completed, which sends to it', async (t) => {
  const bindings = objects.filter(({ kind }) => kind === 'SinkBinding')
  t.strictSame(bindings.map(({ spec }) => [spec.subject.name, spec.sink.ref.name]), [['deploy', 'gx4ki'], [
    'job-completed',
    'gx4ki'
  ]])
})
