import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { parseTemplate, readTemplates } from '../../../functions/deploy/read-templates.ts'

const env = 'type: object\nproperties:\n  A:\n    type: string\n    description: a variable\n'

/** A template as JSON, which is YAML too. */
function template ({ name = 'good', annotations = {}, spec = {}, ...more }: { name?: string, annotations?: object, spec?: object, kind?: string, apiVersion?: string } = {}): string {
  return JSON.stringify({
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name, annotations: { 'gx4ki.io/description': ' what it is for\n', 'gx4ki.io/env': env, 'gx4ki.io/results': '/results', ...annotations } },
    spec: { template: { spec: { containers: [{ name: 'workload', image: 'image' }] } }, ...spec },
    ...more
  })
}

await t.test('the templates that ship can be used', async (t) => {
  const templates = readTemplates('knative/templates', (file, error) => t.fail(`${file}: ${error.message}`))
  t.same([...templates.keys()], ['carla-minimal', 'drive'])
  t.match(templates.get('drive'), { description: /drive/, resultsPath: '/results', demoResult: 'drive.mcap', startDeadlineSeconds: 300, env: { properties: { DURATION: { type: 'integer', default: 15 } } } })
  t.match(templates.get('carla-minimal'), { resultsPath: '/home/carla/rosbag', demoResult: undefined, startDeadlineSeconds: 1800 })
})

await t.test('what a template leaves out has a default', async (t) => {
  const { description, env, startDeadlineSeconds, demoResult } = parseTemplate(template({ annotations: { 'gx4ki.io/env': undefined } }))
  t.same({ description, env, startDeadlineSeconds, demoResult }, {
    description: 'what it is for', env: { type: 'object', properties: {}, additionalProperties: false }, startDeadlineSeconds: 600, demoResult: undefined
  })
})

const broken: Record<string, [string, RegExp]> = {
  'empty.yaml': ['', /empty/],
  'no-yaml.yaml': ['a: [', /./],
  'two.yaml': [`${template()}\n---\n${template()}`, /./],
  'text.yaml': ['hello', /manifest must be object/],
  'pod.yaml': [template({ kind: 'Pod' }), /kind/],
  'old.yaml': [template({ apiVersion: 'batch/v1beta1' }), /apiVersion/],
  'upper.yaml': [template({ name: 'Upper' }), /metadata.name/],
  'long.yaml': [template({ name: 'x'.repeat(64) }), /metadata.name/],
  'no-container.yaml': [template({ spec: { template: { spec: { containers: [] } } } }), /containers/],
  'no-image.yaml': [template({ spec: { template: { spec: { containers: [{ name: 'a' }] } } } }), /image/],
  'no-description.yaml': [template({ annotations: { 'gx4ki.io/description': undefined } }), /gx4ki.io\/description/],
  'number.yaml': [template({ annotations: { 'gx4ki.io/start-deadline-seconds': 300 } }), /start-deadline-seconds must be string/],
  'zero.yaml': [template({ annotations: { 'gx4ki.io/start-deadline-seconds': '0' } }), /start-deadline-seconds/],
  'relative.yaml': [template({ annotations: { 'gx4ki.io/results': 'results' } }), /gx4ki.io~1results/],
  'env-text.yaml': [template({ annotations: { 'gx4ki.io/env': 'A' } }), /gx4ki.io\/env/],
  'env-no-yaml.yaml': [template({ annotations: { 'gx4ki.io/env': 'a: [' } }), /./],
  'env-name.yaml': [template({ annotations: { 'gx4ki.io/env': env.replace('A:', 'A-B:') } }), /additional propert/],
  'env-type.yaml': [template({ annotations: { 'gx4ki.io/env': env.replace('type: string', 'type: array') } }), /type/],
  'env-no-description.yaml': [template({ annotations: { 'gx4ki.io/env': env.replace('description', 'title') } }), /description/],
  'env-pattern.yaml': [template({ annotations: { 'gx4ki.io/env': `${env}    pattern: "("\n` } }), /regular expression/],
  'env-minimum.yaml': [template({ annotations: { 'gx4ki.io/env': `${env}    minimum: low\n` } }), /minimum/],
  'env-default.yaml': [template({ name: 'default', annotations: { 'gx4ki.io/env': `${env}    maxLength: 3\n    default: long\n` } }), /default of A must NOT have more than 3/],
  'second.yml': [template(), /another template named good/]
}

await t.test('one that cannot be used is left out, with the reason, and stops no other', async (t) => {
  const dir = t.testdir({
    'good.yaml': template(),
    'other.yml': template({ name: 'other' }),
    ...Object.fromEntries(Object.entries(broken).map(([file, [text]]) => [file, text])),
    '..data.yaml': 'hello',
    'notes.txt': 'hello',
    'good.yaml~': 'hello'
  })
  mkdirSync(join(dir, 'folder.yaml'))
  const refused: Record<string, string> = {}
  const templates = readTemplates(dir, (file, error) => { refused[file] = error.message })
  t.same([...templates.keys()], ['good', 'other'])
  t.same(Object.keys(refused).sort(), [...Object.keys(broken), 'folder.yaml'].sort())
  for (const [file, [, reason]] of Object.entries(broken)) t.match(refused[file], reason, file)
})

await t.test('links of a mounted ConfigMap are followed once', async (t) => {
  const dir = t.testdir({
    '..2026_11_22': { 'good.yaml': template() },
    '..data': t.fixture('symlink', '..2026_11_22'),
    'good.yaml': t.fixture('symlink', '..data/good.yaml')
  })
  t.same([...readTemplates(dir, (file, error) => t.fail(`${file}: ${error.message}`)).keys()], ['good'])
})

await t.test('a folder that is not there is an error that names it', async (t) => {
  t.throws(() => readTemplates(join(t.testdir(), 'not-there'), () => {}), /not-there/)
})
