import { mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { parseTemplate, type Template, templatesIn } from '../../../../functions/deploy/templates/read-templates.ts'

const env = 'type: object\nproperties:\n  A:\n    type: string\n    description: a variable\n'

/** A template as JSON, which is also YAML. */
function template (
  { name = 'good', annotations = {}, spec = {}, ...more }: {
    name?: string
    annotations?: object
    spec?: object
    kind?: string
    apiVersion?: string
  } = {}
): string {
  return JSON.stringify({
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name,
      annotations: {
        'gx4ki.io/description': ' what it is for\n',
        'gx4ki.io/env': env,
        'gx4ki.io/results': '/results',
        ...annotations
      }
    },
    spec: { template: { spec: { containers: [{ name: 'workload', image: 'image' }] } }, ...spec },
    ...more
  })
}

const DAY = 86_400

/** The usable templates of a folder. Fails the test when one is refused. */
const usableIn = (t: Test, folder: string): Map<string, Template> =>
  templatesIn(folder, (file, reason) => t.fail(`${file}: ${reason}`))().usable

await t.test('the shipped templates are usable', async (t) => {
  const templates = usableIn(t, 'knative/templates')
  t.same([...templates.keys()], ['carla-minimal', 'drive'])
  t.match(templates.get('drive'), {
    description: /drive/,
    resultsPath: '/results',
    demoResult: 'drive.mcap',
    startDeadlineSeconds: 300,
    retentionSeconds: 7 * DAY,
    warnings: [],
    env: { properties: { DURATION: { type: 'integer', default: 15 } } }
  })
  t.match(templates.get('carla-minimal'), {
    resultsPath: '/home/carla/rosbag',
    demoResult: undefined,
    startDeadlineSeconds: 1800,
    retentionSeconds: 90 * DAY,
    warnings: []
  })
})

await t.test('optional fields of a template have defaults', async (t) => {
  const { description, env, startDeadlineSeconds, retentionSeconds, demoResult } = parseTemplate(
    template({ annotations: { 'gx4ki.io/env': undefined } })
  )
  t.same({ description, env, startDeadlineSeconds, retentionSeconds, demoResult }, {
    description: 'what it is for',
    env: { type: 'object', properties: {}, additionalProperties: false },
    startDeadlineSeconds: 600,
    retentionSeconds: 30 * DAY,
    demoResult: undefined
  })
})

const broken: Record<string, [string, RegExp]> = {
  'empty.yaml': ['', /the manifest must be object/],
  'no-yaml.yaml': ['a: [', /./],
  'two.yaml': [`${template()}\n---\n${template()}`, /./],
  'text.yaml': ['hello', /manifest must be object/],
  'pod.yaml': [template({ kind: 'Pod' }), /kind/],
  'old.yaml': [template({ apiVersion: 'batch/v1beta1' }), /apiVersion/],
  'upper.yaml': [template({ name: 'Upper' }), /metadata.name/],
  'long.yaml': [template({ name: 'x'.repeat(64) }), /metadata.name/],
  'no-container.yaml': [template({ spec: { template: { spec: { containers: [] } } } }), /containers/],
  'two-pods.yaml': [template({
    spec: {
      parallelism: 2,
      template: {
        spec: {
          containers: [
            { name: 'a', image: 'b' }
          ]
        }
      }
    }
  }), /^spec.parallelism is 2/],
  'mount.yaml': [template({
    spec: {
      template: {
        spec: {
          containers: [
            { name: 'a', image: 'b', volumeMounts: [{ name: 'c' }] }
          ]
        }
      }
    }
  }), /mountPath/],
  'no-image.yaml': [template({ spec: { template: { spec: { containers: [{ name: 'a' }] } } } }), /image/],
  'no-description.yaml': [template({ annotations: { 'gx4ki.io/description': undefined } }), /gx4ki.io\/description/],
  'number.yaml': [
    template({ annotations: { 'gx4ki.io/start-deadline-seconds': 300 } }),
    /start-deadline-seconds must be string/
  ],
  'zero.yaml': [template({ annotations: { 'gx4ki.io/start-deadline-seconds': '0' } }), /start-deadline-seconds/],
  'retention.yaml': [
    template({ annotations: { 'gx4ki.io/retention': '30' } }),
    /gx4ki.io\/retention: must be whole days or hours/
  ],
  'relative.yaml': [template({ annotations: { 'gx4ki.io/results': 'results' } }), /gx4ki.io\/results must be an absolute path/],
  'env-text.yaml': [template({ annotations: { 'gx4ki.io/env': 'A' } }), /gx4ki.io\/env/],
  'env-no-yaml.yaml': [template({ annotations: { 'gx4ki.io/env': 'a: [' } }), /./],
  'env-name.yaml': [template({ annotations: { 'gx4ki.io/env': env.replace('A:', 'A-B:') } }), /"A-B" cannot be the name/],
  'env-type.yaml': [template({ annotations: { 'gx4ki.io/env': env.replace('type: string', 'type: array') } }), /type/],
  'env-no-description.yaml': [
    template({ annotations: { 'gx4ki.io/env': env.replace('description', 'title') } }),
    /description/
  ],
  'env-pattern.yaml': [template({ annotations: { 'gx4ki.io/env': `${env}    pattern: "("\n` } }), /regular expression/],
  'env-minimum.yaml': [template({ annotations: { 'gx4ki.io/env': `${env}    minimum: low\n` } }), /minimum/],
  'env-default.yaml': [
    template({ name: 'default', annotations: { 'gx4ki.io/env': `${env}    maxLength: 3\n    default: long\n` } }),
    /default of A must NOT have more than 3/
  ],
  'env-digits.yaml': [
    template({
      name: 'digits',
      annotations: {
        'gx4ki.io/env': `${env.replace('string', 'integer')}    enum: [1, 9007199254740993]\n`
      }
    }),
    /A: a number near 9007199254740992 loses its last digits; make it a string/
  ],
  'second.yml': [template(), /another file already has the name good/]
}

await t.test('a wrong template is refused with a reason, and the others stay usable', async (t) => {
  const dir = t.testdir({
    'good.yaml': template(),
    'other.yml': template({ name: 'other' }),
    ...Object.fromEntries(Object.entries(broken).map(([file, [text]]) => [file, text])),
    '..data.yaml': 'hello',
    'notes.txt': 'hello',
    'good.yaml~': 'hello'
  })
  mkdirSync(join(dir, 'folder.yaml'))
  const told: Record<string, string> = {}
  const { usable, refused } = templatesIn(dir, (file, reason) => {
    told[file] = reason
  })()
  t.same([...usable.keys()], ['good', 'other'])
  t.same(Object.keys(told).sort(), [...Object.keys(broken), 'folder.yaml'].sort())
  for (const [file, [, reason]] of Object.entries(broken)) t.match(told[file], reason, file)
  t.same(Object.fromEntries(refused), told)
})

await t.test('a field or an annotation that nothing knows is refused by its path, with the most similar one', async (t) => {
  const text = readFileSync(`${import.meta.dirname}/misspelled-fields.yaml`, 'utf8')
  t.throws(() => parseTemplate(text), {
    message: [
      'spec.activeDeadlineSecond is not a field of Kubernetes; did you mean activeDeadlineSeconds?',
      'spec.template.spec.nodeSelectors is not a field of Kubernetes; did you mean nodeSelector?',
      'spec.template.spec.containers[0].resource is not a field of Kubernetes; did you mean resources?',
      'metadata.annotations["gx4ki.io/start-deadline-second"] is no annotation of a template; did you mean ' +
      'gx4ki.io/start-deadline-seconds?',
      'metadata.annotations["gx4ki.io/retensions"] is no annotation of a template; did you mean gx4ki.io/retention? ' +
      'Correct the name; a field that only a newer cluster has can be named in gx4ki.io/newer-fields'
    ].join('; ')
  })
  t.throws(() => parseTemplate(template({ spec: { nothingLikeThis: 1 } })), /nothingLikeThis is not a field of Kubernetes: correct the name; a field that only a newer cluster has can be named/)
})

await t.test('an annotation is compared without its prefix', async (t) => {
  t.throws(
    () => parseTemplate(template({ annotations: { 'gx4ki.io/foo': 'a' } })),
    { message: 'metadata.annotations["gx4ki.io/foo"] is no annotation of a template: correct the annotation' }
  )
})

await t.test('a field that only a newer cluster knows can be named, and is sent as it is', async (t) => {
  const pod = { containers: [{ name: 'a', image: 'b', quantum: { bits: 8 } }] }
  const spec = { template: { spec: pod }, fromTheFuture: true }
  const newer = 'spec.fromTheFuture, spec.template.spec.containers[0].quantum'
  t.throws(() => parseTemplate(template({ spec })), /fromTheFuture is not a field/)
  t.throws(
    () => parseTemplate(template({ spec, annotations: { 'gx4ki.io/newer-fields': 'spec.fromTheFuture' } })),
    /^spec\.template\.spec\.containers\[0\]\.quantum is not a field of Kubernetes: /
  )
  const { manifest } = parseTemplate(template({ spec, annotations: { 'gx4ki.io/newer-fields': newer } }))
  t.match(manifest, { spec })
})

await t.test('a template is read as Kubernetes reads YAML', async (t) => {
  const { manifest } = parseTemplate(`
apiVersion: batch/v1
kind: Job
metadata: {name: yaml, annotations: {gx4ki.io/description: d, gx4ki.io/results: /results}}
spec:
  suspend: yes
  activeDeadlineSeconds:
  template:
    spec:
      containers:
        - &main {name: main, image: a, env: [{name: WHEN, value: 2026-11-22}]}
        - {<<: *main, name: second}
      volumes: [{name: a, configMap: {name: a, defaultMode: 0750}}]
`)
  t.same(manifest.spec, {
    suspend: true,
    template: {
      spec: {
        containers: [
          { name: 'main', image: 'a', env: [{ name: 'WHEN', value: '2026-11-22' }] },
          { name: 'second', image: 'a', env: [{ name: 'WHEN', value: '2026-11-22' }] }
        ],
        volumes: [{ name: 'a', configMap: { name: 'a', defaultMode: 0o750 } }]
      }
    }
  })
})

await t.test('retention is days or hours, up to a year', async (t) => {
  const retention = (text: string): number =>
    parseTemplate(template({ annotations: { 'gx4ki.io/retention': text } })).retentionSeconds
  t.same(['1h', '12h', '1d', '366d', '8784h'].map(retention), [3600, 12 * 3600, DAY, 366 * DAY, 366 * DAY])
  for (
    const wrong of ['', '0d', '0h', '-1d', '1.5d', '367d', '8785h', '1w', '30', 'd', '30 d', '30D', '1d12h', '99999h']
  ) t.throws(() => retention(wrong), /retention/, wrong)
})

await t.test('every call reads the current files of a mounted ConfigMap', async (t) => {
  const dir = t.testdir({
    '..1': { 'good.yaml': template(), 'other.yaml': template({ name: 'other' }) },
    '..2': { 'good.yaml': template({ annotations: { 'gx4ki.io/description': 'changed' } }), 'other.yaml': 'hello' },
    '..data': t.fixture('symlink', '..1'),
    'good.yaml': t.fixture('symlink', '..data/good.yaml'),
    'other.yaml': t.fixture('symlink', '..data/other.yaml')
  })
  /** Changes the files as a kubelet does. */
  const swap = (target: string): void => {
    symlinkSync(target, join(dir, '..data_tmp'))
    renameSync(join(dir, '..data_tmp'), join(dir, '..data'))
  }
  const told: string[] = []
  const templates = templatesIn(dir, (file) => told.push(file))
  const first = templates()
  t.same([...first.usable.keys()], ['good', 'other'])
  t.equal(templates().usable.get('good'), first.usable.get('good'), 'an unchanged file is not parsed again')
  swap('..2')
  for (let times = 0; times < 2; times++) {
    const { usable, refused } = templates()
    t.same([...usable.values()].map(({ name, description }) => [name, description]), [['good', 'changed']])
    t.same([...refused.keys()], ['other.yaml'])
  }
  t.same(told, ['other.yaml'], 'an error is reported once')
  writeFileSync(join(dir, 'new.yaml'), template({ name: 'new' }))
  swap('..1')
  t.same([...templates().usable.keys()], ['good', 'new', 'other'])
  swap('..2')
  templates()
  t.same(told, ['other.yaml', 'other.yaml'], 'an error is reported again when it comes back')
})

await t.test('a warning is told once for each change of its file', async (t) => {
  const dir = t.testdir({})
  const write = (seconds: number | undefined, description: string): void => {
    const pod = { containers: [{ name: 'a', image: 'b' }], terminationGracePeriodSeconds: seconds }
    const text = template({
      annotations: { 'gx4ki.io/description': description },
      spec: { template: { spec: pod } }
    })
    writeFileSync(join(dir, 'good.yaml'), text)
  }
  const told: string[] = []
  const templates = templatesIn(dir, (file, reason) => t.fail(`${file}: ${reason}`), (name, warning) => {
    told.push(`${name}: ${warning}`)
  })
  const warned = (): string[] => templates().usable.get('good')!.warnings

  write(30, 'first')
  for (let times = 0; times < 3; times++) t.match(warned(), [/^terminationGracePeriodSeconds is 30/])
  t.match(told, [/^good: terminationGracePeriodSeconds is 30, /])
  t.equal(told.length, 1)
  write(60, 'first')
  t.match(warned(), [/ is 60/])
  t.match(told.slice(1), [/ is 60/])
  write(undefined, 'first')
  t.same(warned(), [])
  t.equal(told.length, 2)
})

await t.test('a missing folder throws an error with its name', async (t) => {
  t.throws(templatesIn(join(t.testdir(), 'not-there'), () => {}), /not-there/)
  const dir = t.testdir({ templates: { 'good.yaml': template() } })
  const templates = templatesIn(join(dir, 'templates'), () => {})
  t.equal(templates().usable.size, 1)
  rmSync(join(dir, 'templates'), { recursive: true })
  t.throws(templates, /cannot be read/)
})

await t.test('spaces and newlines around the texts of annotations do not count', async (t) => {
  const annotations = { 'gx4ki.io/results': ' /results/\n', 'gx4ki.io/result': ' a b.json\n' }
  t.match(parseTemplate(template({ annotations })), { resultsPath: '/results', demoResult: 'a b.json' })
})

await t.test('a default that takes too long to compare with its pattern is refused', async (t) => {
  const slow = `${env}    pattern: ^(a+)+$\n    default: ${'a'.repeat(60)}!\n`
  t.throws(
    () => parseTemplate(template({ annotations: { 'gx4ki.io/env': slow } })),
    { message: /^annotation gx4ki\.io\/env: takes too long to compare with the pattern \^\(a\+\)\+\$: correct the schema/ }
  )
})
