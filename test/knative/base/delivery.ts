import t from 'tap'
import { readYaml } from '../../support/read-yaml.ts'

const objects = readYaml('knative/base')
const names = (apiVersion: string) => objects.filter((object) => object.kind === 'Service' && object.apiVersion === apiVersion).map(({ metadata }) => metadata.name)

await t.test('every Trigger says how it delivers, and where what it cannot deliver is kept', async (t) => {
  const triggers = objects.filter(({ kind }) => kind === 'Trigger')
  t.equal(triggers.length, 3)
  for (const { metadata, spec } of triggers) {
    t.match(spec.delivery, { retry: Number, backoffPolicy: 'exponential', backoffDelay: /^PT[\d.]+S$/, timeout: /^PT\d+S$/ }, metadata.name)
    t.match(spec.delivery.deadLetterSink, { ref: { kind: 'Service', name: 'job-completed' }, uri: '/dead-letter' })
    t.ok(names('serving.knative.dev/v1').includes(spec.subscriber.ref.name), `${spec.subscriber.ref.name} exists`)
    t.equal(spec.broker, 'gx4ki')
  }
})

await t.test('a Service of Kubernetes has no name that Knative takes for one of its own', async (t) => {
  for (const name of names('v1')) t.notOk(names('serving.knative.dev/v1').includes(name), name)
})
