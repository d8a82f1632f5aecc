import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { load } from 'js-yaml'
import t from 'tap'
import Schema from 'typebox/schema'

const folder = 'knative/templates'

interface Template {
  apiVersion: string
  kind: string
  metadata: { name: string, annotations: Record<string, string> }
  spec: {
    backoffLimit: number
    activeDeadlineSeconds: number
    ttlSecondsAfterFinished: number
    template: { spec: PodSpec }
  }
}

interface PodSpec {
  restartPolicy: string
  terminationGracePeriodSeconds?: number
  imagePullSecrets?: { name: string }[]
  volumes?: { name: string, emptyDir?: { sizeLimit: string } }[]
  containers: {
    name: string
    image: string
    command?: string[]
    env?: { name: string, value: string }[]
    resources: { limits: Record<string, string> }
    volumeMounts?: { name: string, mountPath: string }[]
  }[]
}

interface Variable {
  type: string
  default?: unknown
  description: string
}

function readTemplate (
  file: string
): { template: Template, env: { type: string, required?: string[], properties: Record<string, Variable> } } {
  const template = load(readFileSync(join(folder, file), 'utf8')) as Template
  return {
    template,
    env: load(template.metadata.annotations['gx4ki.io/env']!) as ReturnType<typeof readTemplate>['env']
  }
}

await t.test('there are two templates', async (t) => {
  t.same(readdirSync(folder).filter((name) => name.endsWith('.yaml')).sort(), ['carla-minimal.yaml', 'drive.yaml'])
})

for (const file of readdirSync(folder).filter((name) => name.endsWith('.yaml'))) {
  await t.test(`${file} is a Job that runs once and ends`, async (t) => {
    const { template: { apiVersion, kind, metadata, spec } } = readTemplate(file)
    t.match({ apiVersion, kind, name: metadata.name }, {
      apiVersion: 'batch/v1',
      kind: 'Job',
      name: basename(file, '.yaml')
    })
    t.match(spec, { backoffLimit: 0, activeDeadlineSeconds: Number, ttlSecondsAfterFinished: 86400 })
    t.match(spec.template.spec, { restartPolicy: 'Never' })
    t.equal(
      spec.template.spec.terminationGracePeriodSeconds,
      undefined,
      'the grace period follows from the size of the result volume'
    )
    t.match(spec.template.spec.volumes, [{ name: 'results', emptyDir: { sizeLimit: /^\d+Gi$/ } }])
    t.equal(spec.template.spec.containers.length, 1)
  })

  await t.test(`${file} has a description and the path of its results`, async (t) => {
    const { annotations } = readTemplate(file).template.metadata
    t.ok(Object.values(annotations).every((value) => typeof value === 'string'), 'Kubernetes accepts only strings')
    t.match(annotations, {
      'gx4ki.io/description': /\w/,
      'gx4ki.io/results': /^\//,
      'gx4ki.io/start-deadline-seconds': /^\d+$/
    })
  })

  await t.test(`${file} describes every variable and gives it a default that its own schema accepts`, async (t) => {
    const { env } = readTemplate(file)
    t.equal(env.type, 'object')
    for (const [name, variable] of Object.entries(env.properties)) {
      t.match(name, /^[A-Z_][A-Z0-9_]*$/)
      t.match(variable, { type: /^(string|integer|number|boolean)$/, description: /\w/ }, name)
      t.ok(env.required?.includes(name) || Schema.Check(variable, variable.default), `default of ${name}`)
    }
  })
}

await t.test('drive runs the bundle, has the variables of the program, and its main result is the recording', async (t) => {
  const { template, env } = readTemplate('drive.yaml')
  const { annotations } = template.metadata
  t.match(template.spec.template.spec.containers[0], {
    image: 'dev.local/gx4ki-jobs:dev',
    command: ['node', 'dist/drive.cjs'],
    env: [{ name: 'RESULT_DIR', value: annotations['gx4ki.io/results'] }]
  })
  t.equal(annotations['gx4ki.io/result'], 'drive.mcap')
  t.match(env.properties, {
    DURATION: { type: 'integer', minimum: 1, maximum: 3600, default: 15 },
    REAL_TIME_FACTOR: { type: 'number', minimum: 0, maximum: 1000, default: 5 },
    SEED: { type: 'integer', default: 0 }
  })
})

await t.test('carla-minimal keeps the settings of the prototype', async (t) => {
  const { template, env } = readTemplate('carla-minimal.yaml')
  const pod = template.spec.template.spec
  t.equal(pod.containers[0]!.command, undefined, 'the entrypoint of the image runs')
  t.same(pod.containers[0]!.resources.limits, { 'nvidia.com/gpu': '1' })
  t.equal(pod.imagePullSecrets?.length, 1)
  t.equal(template.metadata.annotations['gx4ki.io/results'], '/home/carla/rosbag')
  t.same(pod.containers[0]!.volumeMounts, [{ name: 'results', mountPath: '/home/carla/rosbag' }])
  t.same(pod.volumes, [{ name: 'results', emptyDir: { sizeLimit: '64Gi' } }])
  t.same(Object.fromEntries(Object.entries(env.properties).map(([name, variable]) => [name, variable.default])), {
    DURATION: 15,
    CARLA_EXAMPLE: 'automatic_control',
    SDL_VIDEODRIVER: 'dummy',
    DISPLAY: ':1',
    SAVE_RESULTS: '',
    RESULT_DIR: 'rosbag',
    ROSBAG_IMAGE_EXPORT: ''
  })
})
