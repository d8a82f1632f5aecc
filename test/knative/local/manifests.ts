import { readdirSync, readFileSync } from 'node:fs'
import { readYaml } from '../../../shared/settings/read-yaml.ts'
import t from 'tap'
import { readManifests } from '../../../knative/local/manifests.ts'

const kustomization = (file: string) =>
  readYaml(readFileSync(file, 'utf8')) as { resources: string[], configMapGenerator: Array<{ files: string[] }> }

await t.test('the manifests of a cluster have all that the local host needs', async (t) => {
  const manifests = readManifests('knative/base')
  const names = Object.fromEntries(
    Object.entries(manifests).map(([kind, objects]) => [
      kind.split('/').at(-1),
      objects.map(({ metadata }) => metadata.name)
    ])
  )
  t.strictSame(names, {
    ConfigMap: ['gx4ki-labels', 'gx4ki-secrets', 'gx4ki-images', 'gx4ki-settings'],
    Service: ['deploy', 'job-completed', 'job-watch', 'result-fetch', 'result-upload'],
    Trigger: ['job-completed', 'job-completed-ping', 'deploy-ping', 'callback-due'],
    ApiServerSource: ['jobs'],
    PingSource: ['reconcile'],
    HTTPRoute: ['gx4ki']
  })
})

await t.test('kustomize includes every manifest and every job template', async (t) => {
  const yaml = (folder: string) =>
    readdirSync(folder).filter((name) => name.endsWith('.yaml') && name !== 'kustomization.yaml').sort()
  t.strictSame(kustomization('knative/base/kustomization.yaml').resources.toSorted(), [
    '../templates',
    ...yaml('knative/base')
  ])
  t.strictSame(
    kustomization('knative/templates/Kustomization').configMapGenerator[0]?.files.toSorted(),
    yaml('knative/templates')
  )
})

await t.test('several objects in one file are read; other kinds and other files are ignored', async (t) => {
  const folder = t.testdir({
    'all.yaml': `
      kind: Deployment
      apiVersion: apps/v1
      ---
      # nothing here
      ---
      kind: Service
      apiVersion: v1
      ---
      kind: ConfigMap
      apiVersion: v1
      metadata: { name: one, namespace: here }
      data: {}
      ---
      kind: ConfigMap
      apiVersion: v1
      metadata: { name: two, namespace: here }
      data: {}
    `.replaceAll(/^ {6}/gm, ''),
    'README.md': 'kind: ConfigMap'
  })
  const manifests = readManifests(folder)
  t.strictSame(manifests['v1/ConfigMap'].map(({ metadata }) => metadata.name), ['one', 'two'])
  t.strictSame(manifests['serving.knative.dev/v1/Service'], [])
})

await t.test('an unsupported manifest is refused with file, object and field', async (t) => {
  const trigger =
    'kind: Trigger\napiVersion: eventing.knative.dev/v1\nmetadata: { name: a, namespace: b }\nspec:\n  filter: { attributes: {} }\n  subscriber: { ref: { kind: Service, name: d } }\n'
  const route =
    'kind: HTTPRoute\napiVersion: gateway.networking.k8s.io/v1\nmetadata: { name: a, namespace: b }\nspec:\n  rules:\n    - backendRefs: [{ name: c }]\n'
  const wrong: Array<[string, string, RegExp]> = [
    ['no delivery', trigger, /x\.yaml: Trigger a: \/spec .*delivery/],
    [
      'an unknown backoff',
      `${trigger}  delivery: { retry: 1, backoffPolicy: none, backoffDelay: PT1S, timeout: PT1S, deadLetterSink: { ref: { kind: Service, name: e } } }\n`,
      /x\.yaml: Trigger a: \/spec\/delivery\/backoffPolicy/
    ],
    [
      'an unknown kind of path',
      `${route}      matches: [{ path: { type: Glob, value: /.* } }]\n`,
      /x\.yaml: HTTPRoute a: \/spec\/rules\/0\/matches\/0\/path\/type/
    ],
    ['no name', 'kind: ConfigMap\napiVersion: v1\ndata: {}\n', /x\.yaml: ConfigMap \(without a name\): it .*metadata/]
  ]
  for (const [what, yaml, message] of wrong) {
    t.throws(() => readManifests(t.testdir({ 'x.yaml': yaml })), { message }, what)
  }
})
