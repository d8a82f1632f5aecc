import { readFileSync } from 'node:fs'
import t from 'tap'
import { jobObject } from '../../../../functions/deploy/start/job-object.ts'
import { parseTemplate, type Template } from '../../../../functions/deploy/templates/read-templates.ts'
import { newJobId } from '../../../../shared/job/job-id.ts'

const limited = { name: 'results', emptyDir: { sizeLimit: '1Gi' } }
const container = { name: 'main', image: 'a' }

function templateWith (pod: object = {}, spec: object = {}, results = '/results'): Template {
  return parseTemplate(JSON.stringify({
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: 'test', annotations: { 'gx4ki.io/description': 'test', 'gx4ki.io/results': results } },
    spec: { ...spec, template: { spec: { containers: [container], ...pod } } }
  }))
}

/** A pod whose workload has another volume at this path. */
const mounting = (mountPath: string, more: object = {}): object => ({
  containers: [{ ...container, volumeMounts: [{ name: 'data', mountPath }] }],
  volumes: [{ name: 'data', emptyDir: {} }],
  ...more
})

await t.test('a job of several pods is refused', async (t) => {
  t.throws(
    () => parseTemplate(readFileSync(`${import.meta.dirname}/three-pods.yaml`, 'utf8')),
    { message: 'spec.completions is 3: the results of a job come from one pod; for more pods, start more jobs' }
  )
  for (
    const [spec, reason] of [
      [{ completions: 3 }, /^spec.completions is 3: the results of a job come from one pod/],
      [{ parallelism: 2 }, /^spec.parallelism is 2: /],
      [{ completions: 1, parallelism: 0 }, /^spec.parallelism is 0: /],
      [{ completions: 1, completionMode: 'Indexed' }, /^spec.completionMode is Indexed: /]
    ] as const
  ) t.throws(() => templateWith({}, spec), { message: reason }, JSON.stringify(spec))
  for (
    const spec of [
      { completions: 1, parallelism: 1, completionMode: 'NonIndexed' },
      { completions: null, parallelism: null },
      { backoffLimit: 3 }
    ]
  ) t.doesNotThrow(() => templateWith({}, spec), JSON.stringify(spec))
})

await t.test('the result volume must be an emptyDir', async (t) => {
  for (
    const [kind, source] of [
      ['persistentVolumeClaim', { claimName: 'shared' }],
      ['hostPath', { path: '/data' }],
      ['nfs', { server: 'a', path: '/' }],
      ['ephemeral', {}],
      ['configMap', { name: 'a' }]
    ] as const
  ) {
    for (const more of [{}, { emptyDir: null }]) {
      t.throws(
        () => templateWith({ volumes: [{ name: 'results', [kind]: source, ...more }] }),
        { message: new RegExp(`^the volume "results" is of the kind ${kind}, and must be an emptyDir: `) }
      )
    }
  }
  for (const volumes of [null, [], [{ name: 'results' }], [{ name: 'results', emptyDir: null }], [limited]]) {
    t.doesNotThrow(() => templateWith({ volumes }), JSON.stringify(volumes))
  }
  const claim = { name: 'data', persistentVolumeClaim: { claimName: 'shared' } }
  t.doesNotThrow(() => templateWith({ volumes: [limited, claim] }), 'another volume may be of any kind')
})

await t.test('another volume within the result folder is refused, however its path is written', async (t) => {
  for (
    const [path, results] of [
      ['/results', '/results'],
      ['/results/', '/results'],
      ['/results/deep/er', '/results'],
      ['//results//deep', '/results'],
      ['/results/./deep', '/results'],
      ['/other/../results/deep', '/results'],
      ['/results', '/results/'],
      ['/results/deep', '//results/.'],
      ['/home/user/out/cache', '/home/../home/user/out/']
    ] as const
  ) {
    t.throws(
      () => templateWith(mounting(path), {}, results),
      { message: /^the container "main" mounts the volume "data" at \/\w.*, within the result folder \/.*: its files/ },
      `${path} in ${results}`
    )
  }
  for (const path of ['/', '/result', '/results-of-others', '/resultsx/deep', '/data/results', '/results/../data']) {
    t.doesNotThrow(() => templateWith(mounting(path)), path)
  }
})

await t.test('the mounts of every container count, and every place of the result volume', async (t) => {
  const second = (volumeMounts: object[]) => ({ name: 'second', image: 'b', volumeMounts })
  const [data, results] = [{ name: 'data', mountPath: '/out/data' }, { name: 'results', mountPath: '/out/' }]
  const reason = { message: /^the container "second" mounts the volume "data" at \/\w+.*, within the result folder \/\w+: / }
  for (const mounts of [[{ ...data, mountPath: '/results/data' }], [data, results], [results, data]]) {
    t.throws(() => templateWith({ containers: [container, second(mounts)] }), reason)
    t.throws(() => templateWith({ initContainers: [second(mounts)] }), reason)
  }
  for (const mounts of [[data], [results], [results, { ...data, mountPath: '/data' }], null]) {
    t.doesNotThrow(() => templateWith({ containers: [container, second(mounts as object[])] }), JSON.stringify(mounts))
  }
  t.doesNotThrow(() => templateWith({ initContainers: null }))
})

await t.test('the result folder must not hide what the uploader needs', async (t) => {
  for (
    const path of [
      '/',
      '//',
      '/results/..',
      '/app',
      '/app/results',
      '/usr',
      '/usr/local/bin/',
      '/etc',
      '/proc/1',
      '/dev',
      '/var',
      '/var/run/gx4ki',
      '/var/lib/gx4ki/results'
    ]
  ) t.throws(() => templateWith({}, {}, path), { message: /^the result folder \/.* cannot be used, because the uploader/ }, path)
  for (const path of ['/results', '/var/results', '/home/carla/rosbag', '/application', '/usr/local/results', '/tmp/a']) {
    t.equal(templateWith({}, {}, path).resultsPath, path)
  }
  const { containers, initContainers } = jobObject(
    templateWith({
      containers: [{ ...container, volumeMounts: [{ name: 'results', mountPath: '/a//b/', subPath: 'c' }] }]
    }, {}, '/a/./b/'),
    newJobId(),
    { plain: {}, secret: {} },
    { namespace: 'jobs', image: 'uploader', uploadUrl: 'http://a' }
  ).spec!.template.spec!
  t.same(containers[0]!.volumeMounts, [{ name: 'results', mountPath: '/a/b' }], 'the folder is mounted once, and whole')
  t.equal(initContainers![0]!.env!.find(({ name }) => name === 'RESULT_DIR')!.value, '/a/b')
})

await t.test('the names of the uploader and its volumes are taken', async (t) => {
  const uploader = { name: 'uploader', image: 'a' }
  const pods = [{ containers: [uploader] }, { containers: [container, uploader] }, { initContainers: [uploader] }]
  for (const pod of pods) {
    t.throws(() => templateWith(pod), { message: /^the container "uploader" must have another name/ })
  }
  for (const name of ['uploader-token', 'uploader-started']) {
    const message = /^the volume "uploader-\w+" must have/
    t.throws(() => templateWith({ volumes: [{ name, emptyDir: {} }] }), { message })
  }
})

await t.test('a size or a period that is none is refused', async (t) => {
  for (const sizeLimit of ['10GB', 'much', -1]) {
    t.throws(
      () => templateWith({ volumes: [{ name: 'results', emptyDir: { sizeLimit } }] }),
      { message: /is no quantity of storage such as 10Gi/ },
      String(sizeLimit)
    )
  }
  for (const terminationGracePeriodSeconds of [-1, 0, 1, 4]) {
    t.throws(() => templateWith({ terminationGracePeriodSeconds }), {
      message: new RegExp(`^terminationGracePeriodSeconds is ${terminationGracePeriodSeconds}, and must be 5 or more: `)
    })
  }
})

await t.test('a value of another type than in Kubernetes is refused by its path', async (t) => {
  const pod = 'spec.template.spec'
  for (
    const [template, message] of [
      [() => templateWith({}, { completions: '1' }), 'spec.completions must be a number'],
      [() => templateWith({}, { suspend: 'yes' }), 'spec.suspend must be a boolean'],
      [() => templateWith({ terminationGracePeriodSeconds: '30' }), `${pod}.terminationGracePeriodSeconds must be a number`],
      [() => templateWith({ volumes: [{ name: 'results', emptyDir: { sizeLimit: {} } }] }), `${pod}.volumes[0].emptyDir.sizeLimit must be a string`],
      [() => templateWith({ containers: [{ ...container, command: 'sleep 1' }] }), `${pod}.containers[0].command must be a list`],
      [() => templateWith({ nodeSelector: 'gpu' }), `${pod}.nodeSelector must be an object`],
      [() => templateWith({ nodeSelector: { gpu: true } }), `${pod}.nodeSelector["gpu"] must be a string`],
      [() => templateWith({ containers: [{ ...container, env: [{ name: 'A', value: 1 }] }] }), `${pod}.containers[0].env[0].value must be a string`]
    ] as const
  ) t.throws(template, { message })
})

await t.test('a template without a fault has no warning', async (t) => {
  for (
    const pod of [
      {},
      { volumes: [limited] },
      { volumes: [limited], terminationGracePeriodSeconds: 152 },
      { volumes: [{ name: 'results', emptyDir: { sizeLimit: 1e9, medium: 'Memory' } }] },
      { terminationGracePeriodSeconds: null }
    ]
  ) t.same(templateWith(pod).warnings, [], JSON.stringify(pod))
})

await t.test('the author is warned of a short period and of a volume without a limit', async (t) => {
  t.match(templateWith({ terminationGracePeriodSeconds: 120 }).warnings, [
    /^terminationGracePeriodSeconds is 120, and a full result volume of 10Gi takes 572 s to go up: set it to 612 or more/
  ])
  t.match(templateWith({ volumes: [limited], terminationGracePeriodSeconds: 151 }).warnings, [/set it to 152 or more/])
  const unlimited = /^the volume "results" has no sizeLimit: there is time for 10Gi of results .*set emptyDir.sizeLimit$/
  for (const emptyDir of [undefined, null, {}, { sizeLimit: null }, { sizeLimit: '0' }, { medium: 'Memory' }]) {
    t.match(templateWith({ volumes: [{ name: 'results', emptyDir }] }).warnings, [unlimited], JSON.stringify(emptyDir))
  }
  t.equal(templateWith({ volumes: [{ name: 'results' }], terminationGracePeriodSeconds: 5 }).warnings.length, 2)
  t.match(templateWith({ volumes: [{ name: 'results', emptyDir: { sizeLimit: '1E30' } }] }).warnings, [/^a full result volume of 1E30 takes/])
})
