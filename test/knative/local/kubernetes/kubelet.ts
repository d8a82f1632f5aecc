import type { V1Container, V1Pod } from '@kubernetes/client-node'
import { appendFileSync, existsSync, readFileSync, realpathSync } from 'node:fs'
import t from 'tap'
import {
  hasEnded,
  jobOf,
  type Kubernetes,
  logOf,
  namespace,
  podOf,
  shell,
  testKubernetes
} from '../../../support/local-kubernetes.ts'
import { poll } from '../../../support/poll.ts'

const sidecar = { restartPolicy: 'Always' }
const volumes = [{ name: 'shared', emptyDir: {} }]
const volumeMounts = [{ name: 'shared', mountPath: '/shared' }]

const isAlive = (pid: number): boolean => {
  try {
    // A zombie process has ended.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

await t.test('containers start and end in the order of a kubelet', async (t) => {
  const kubernetes = await testKubernetes(t)
  const say = (word: string): string => `echo ${word} >> /shared/order`
  const endless = (name: string, atEnd: string) =>
    shell(
      name,
      `${say(`${name}-up`)}; trap '${say(`${name}-down`)}; ${atEnd}; exit 0' TERM; while :; do sleep 0.05; done`,
      { ...sidecar, volumeMounts }
    )
  const waitFor = (word: string): string => `until grep -q ${word} /shared/order; do sleep 0.02; done`
  await kubernetes.batch.createNamespacedJob({
    namespace,
    body: jobOf(
      'order',
      [shell('main', `${waitFor('second-up')}; ${say('main-up')}; sleep 0.2; ${say('main-down')}`, { volumeMounts })],
      {},
      {
        initContainers: [
          shell('prepare', say('prepare'), { volumeMounts }),
          endless('first', 'cat /shared/order'),
          shell('check', `${waitFor('first-up')}; ${say('check')}`, { volumeMounts }),
          endless('second', ':')
        ],
        volumes
      }
    )
  })
  const pod = await podOf(kubernetes, 'order', hasEnded)
  t.equal(pod.status?.phase, 'Succeeded')
  t.same((await logOf(kubernetes, pod, 'first')).trim().split('\n'), [
    'prepare',
    'first-up',
    'check',
    'second-up',
    'main-up',
    'main-down',
    'second-down',
    'first-down'
  ])
  t.same(
    pod.status?.initContainerStatuses?.map(({ state, restartCount }) => [state?.terminated?.reason, restartCount]),
    Array(4).fill(['Completed', 0])
  )
})

const exec = (script: string): object => ({ exec: { command: ['sh', '-c', script] } })
const say = (word: string): string => `echo ${word} >> /shared/order`
const awaits = (word: string): string => `until grep -qs ${word} /shared/order; do sleep 0.02; done`

/** A container that runs until it is told to end, and writes each step into the file `order`. */
const patient = (name: string, { atStart = ':', preStop, atEnd = ':' }: Record<string, string>, more: object = {}) =>
  shell(
    name,
    `${say(`${name}-up`)}; ${atStart}; trap '${atEnd}; ${say(`${name}-down`)}; exit 0' TERM; while :; do sleep 0.02; done`,
    { ...(preStop !== undefined && { lifecycle: { preStop: exec(preStop) } }), volumeMounts, ...more }
  )

const isReady = ({ status }: V1Pod): boolean =>
  status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false

const orderOf = ({ dir }: Kubernetes, pod: V1Pod): string[] => {
  const file = `${dir}/pods/${pod.metadata!.uid}/volumes/shared/order`
  return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : []
}

await t.test('when the workload has ended, the preStop hooks of all sidecars begin at once, and SIGTERM follows the hook', async (t) => {
  const kubernetes = await testKubernetes(t)
  const hook = (own: string, other: string): string => `${say(`${own}-hook`)}; ${awaits(`${other}-hook`)}`
  await kubernetes.batch.createNamespacedJob({
    namespace,
    body: jobOf(
      'completed',
      [shell('main', `${awaits('first-up')}; ${awaits('second-up')}; ${say('main')}`, { volumeMounts })],
      {},
      {
        terminationGracePeriodSeconds: 30,
        initContainers: [
          patient('first', { preStop: hook('first', 'second'), atEnd: 'cat /shared/order' }, sidecar),
          patient('second', { preStop: `${hook('second', 'first')}; ${say('second-hook-end')}` }, sidecar)
        ],
        volumes
      }
    )
  })
  const pod = await podOf(kubernetes, 'completed', hasEnded)
  t.equal(pod.status?.phase, 'Succeeded')
  const order = (await logOf(kubernetes, pod, 'first')).trim().split('\n')
  // Each begins when the one before it has begun, and may be the first to write.
  t.same(order.slice(0, 2).sort(), ['first-up', 'second-up'])
  t.equal(order[2], 'main')
  t.same(order.slice(3, 5).sort(), ['first-hook', 'second-hook'])
  t.same(order.slice(5), ['second-hook-end', 'second-down'], 'then the first sidecar')
})

await t.test('a deletion runs the preStop hook of a sidecar before the workload has ended, and no sidecar starts again', async (t) => {
  const kubernetes = await testKubernetes(t)
  const { core } = kubernetes
  // Waits longer than the delay of a restart.
  const look = 'n=0; until [ $n -gt 40 ]; do sleep 0.02; n=$((n+1)); done'
  await kubernetes.batch.createNamespacedJob({
    namespace,
    body: jobOf(
      'deleted',
      [patient('main', { atEnd: `${awaits('gone')}; ${look}; ${say('looked')}; ${awaits('seen')}` })],
      {},
      {
        terminationGracePeriodSeconds: 30,
        initContainers: [
          shell('beside', `${say('beside-up')}; ${awaits('hook')}; ${say('gone')}`, {
            ...sidecar,
            volumeMounts,
            lifecycle: { preStop: exec(say('hook')) }
          })
        ],
        volumes
      }
    )
  })
  const pod = await podOf(kubernetes, 'deleted', isReady)
  await poll('both containers run', () => orderOf(kubernetes, pod).length === 2)
  await core.deleteNamespacedPod({ namespace, name: pod.metadata!.name! })
  await poll('the workload has looked', () => orderOf(kubernetes, pod).includes('looked'))
  t.same(orderOf(kubernetes, pod).slice(2), ['hook', 'gone', 'looked'])
  appendFileSync(`${kubernetes.dir}/pods/${pod.metadata!.uid}/volumes/shared/order`, 'seen\n')
  await podIsGone(kubernetes, pod)
})

await t.test('the time of a preStop hook counts against the grace period, and the hook ends with its container', async (t) => {
  const kubernetes = await testKubernetes(t)
  const { core } = kubernetes
  const hook = 'echo $$ > /shared/hook; exec sleep 600'
  await kubernetes.batch.createNamespacedJob({
    namespace,
    body: jobOf(
      'hooked',
      [patient('main', { preStop: hook, atEnd: awaits('seen') })],
      {},
      { terminationGracePeriodSeconds: 1, volumes }
    )
  })
  const pod = await podOf(kubernetes, 'hooked', isReady)
  await poll('the workload runs', () => orderOf(kubernetes, pod).includes('main-up'))
  await core.deleteNamespacedPod({ namespace, name: pod.metadata!.name! })
  const folder = `${kubernetes.dir}/pods/${pod.metadata!.uid}/volumes/shared`
  const pid = await poll('the hook runs', () => existsSync(`${folder}/hook`) && Number(readFileSync(`${folder}/hook`, 'utf8')))
  await podIsGone(kubernetes, pod)
  t.notOk(isAlive(pid))
})

async function podIsGone ({ core }: Kubernetes, { metadata }: V1Pod): Promise<void> {
  await poll('the pod is gone', async () =>
    (await core.listNamespacedPod({ namespace })).items.every((each) => each.metadata?.uid !== metadata?.uid))
}

await t.test('a container gets the variables of its pod, PATH and HOME, and no other variable of this process', async (t) => {
  process.env.SECRET_OF_THE_HOST = 'x'
  t.teardown(() => {
    delete process.env.SECRET_OF_THE_HOST
  })
  const kubernetes = await testKubernetes(t)
  await kubernetes.core.createNamespacedConfigMap({
    namespace,
    body: { metadata: { name: 'settings' }, data: { A: 'from map', B: 'from map', DIR: '/shared/x' } }
  })
  await kubernetes.core.createNamespacedSecret({
    namespace,
    body: { metadata: { name: 'hidden' }, stringData: { token: 'täst', other: 'no' } }
  })
  await kubernetes.batch.createNamespacedJob({
    namespace,
    body: jobOf(
      'inputs',
      [{
        name: 'main',
        image: 'none',
        command: [
          'sh',
          '-c',
          'env; echo "file $(cat /secret/a/b) $(stat -c %a /secret/a/b) $(ls /secret)"; echo here > /shared/f; cat "$0"'
        ],
        args: ['/shared/f'],
        envFrom: [{ configMapRef: { name: 'settings' } }, { secretRef: { name: 'absent', optional: true } }],
        env: [
          { name: 'B', value: 'from env' },
          { name: 'POD', valueFrom: { fieldRef: { fieldPath: 'metadata.uid' } } },
          { name: 'TOKEN', valueFrom: { secretKeyRef: { name: 'hidden', key: 'token' } } },
          { name: 'URL', value: 'http://host/shared/x' }
        ],
        volumeMounts: [...volumeMounts, { name: 'secret', mountPath: '/secret' }]
      }],
      {},
      {
        volumes: [...volumes, {
          name: 'secret',
          secret: { secretName: 'hidden', items: [{ key: 'token', path: 'a/b', mode: 0o640 }] }
        }]
      }
    )
  })
  const pod = await podOf(kubernetes, 'inputs', hasEnded)
  const lines = (await logOf(kubernetes, pod, 'main')).trim().split('\n')
  const env = Object.fromEntries(lines.filter((line) => line.includes('=')).map((line) => line.split(/=(.*)/s)))
  // The shell sets some variables itself, and the test runner adds some to every process that a test starts.
  const declared = Object.keys(env).filter((name) => !/^(PWD|OLDPWD|SHLVL|_|NODE_OPTIONS|_TAPJS_.*)$/.test(name))
  t.same(declared.sort(), ['A', 'B', 'DIR', 'HOME', 'PATH', 'POD', 'TOKEN', 'URL'])
  t.match(env, { A: 'from map', B: 'from env', POD: pod.metadata?.uid, TOKEN: 'täst', URL: 'http://host/shared/x' })
  t.match(env.DIR, /volumes\/shared\/x$/)
  t.same(lines.slice(-2), ['file täst 640 a', 'here'])
})

await t.test('a container waits for its ConfigMap, a pod for the Secret of a volume', async (t) => {
  const kubernetes = await testKubernetes(t)
  const { core, batch } = kubernetes
  await batch.createNamespacedJob({
    namespace,
    body: jobOf(
      'waiting',
      [shell('main', 'echo $A; cat /s/k', {
        envFrom: [{ configMapRef: { name: 'late' } }],
        volumeMounts: [{ name: 's', mountPath: '/s' }]
      })],
      {},
      {
        volumes: [{ name: 's', secret: { secretName: 'late' } }]
      }
    )
  })
  await podOf(
    kubernetes,
    'waiting',
    ({ status }) => status?.containerStatuses?.[0]?.state?.waiting?.reason === 'ContainerCreating'
  )
  await core.createNamespacedSecret({
    namespace,
    body: { metadata: { name: 'late' }, data: { k: Buffer.from('of the secret').toString('base64') } }
  })
  const waiting = await podOf(
    kubernetes,
    'waiting',
    ({ status }) => status?.containerStatuses?.[0]?.state?.waiting?.reason === 'CreateContainerConfigError'
  )
  t.equal(waiting.status?.containerStatuses?.[0]?.state?.waiting?.message, 'configmap "late" not found')
  t.equal(waiting.status?.phase, 'Pending')
  await core.createNamespacedConfigMap({ namespace, body: { metadata: { name: 'late' }, data: { A: 'of the map' } } })
  const pod = await podOf(kubernetes, 'waiting', hasEnded)
  t.equal(await logOf(kubernetes, pod, 'main'), 'of the map\nof the secret')
})

await t.test('the status of a container shows how it ended', async (t) => {
  const kubernetes = await testKubernetes(t)
  const cases: Record<string, { container: V1Container, exitCode: number, reason: string, startedAt?: Date }> = {
    code: { container: shell('main', 'exit 7'), exitCode: 7, reason: 'Error' },
    signal: { container: shell('main', 'kill -KILL $$$$'), exitCode: 137, reason: 'Error' },
    absent: {
      container: { name: 'main', image: 'none', command: ['no-such-command'] },
      exitCode: 128,
      reason: 'StartError',
      startedAt: new Date(0)
    }
  }
  await Promise.all(
    Object.entries(cases).map(async ([name, { container, exitCode, reason, startedAt }]) => {
      await kubernetes.batch.createNamespacedJob({ namespace, body: jobOf(name, [container]) })
      const { status } = await podOf(kubernetes, name, hasEnded)
      t.equal(status?.phase, 'Failed', name)
      t.match(status?.containerStatuses?.[0]?.state?.terminated, {
        exitCode,
        reason,
        startedAt: startedAt ?? Date,
        finishedAt: Date
      }, name)
    })
  )
})

await t.test('a failed init container fails the pod, and no later container starts', async (t) => {
  const kubernetes = await testKubernetes(t)
  await kubernetes.batch.createNamespacedJob({
    namespace,
    body: jobOf('init', [shell('main', 'true')], {}, { initContainers: [shell('prepare', 'exit 1')] })
  })
  const { status } = await podOf(kubernetes, 'init', hasEnded)
  t.equal(status?.phase, 'Failed')
  t.equal(status?.initContainerStatuses?.[0]?.state?.terminated?.exitCode, 1)
  t.same(status?.containerStatuses?.[0]?.state, { waiting: { reason: 'PodInitializing' } })
})

await t.test('a container without a command stays pending, like one with an image that cannot be pulled', async (t) => {
  const kubernetes = await testKubernetes(t)
  await kubernetes.batch.createNamespacedJob({
    namespace,
    body: jobOf('image', [{ name: 'main', image: 'images.example/x:1' }])
  })
  const reason = (wanted: string) =>
    podOf(kubernetes, 'image', ({ status }) => status?.containerStatuses?.[0]?.state?.waiting?.reason === wanted)
  t.match(
    (await reason('ErrImagePull')).status?.containerStatuses?.[0]?.state?.waiting?.message,
    /^the local host cannot run images, only commands; a cluster can/
  )
  t.equal((await reason('ImagePullBackOff')).status?.phase, 'Pending')
})

await t.test('a sidecar that ends is restarted, and so is a regular container with OnFailure', async (t) => {
  const kubernetes = await testKubernetes(t)
  const once = (name: string, code: number): string =>
    `echo started; test -e /shared/${name} || { touch /shared/${name}; exit ${code}; }`
  await kubernetes.batch.createNamespacedJob({
    namespace,
    body: jobOf(
      'again',
      [shell('main', `until [ -e /shared/twice ]; do sleep 0.02; done; ${once('main', 1)}`, { volumeMounts })],
      { backoffLimit: 2 },
      {
        restartPolicy: 'OnFailure',
        initContainers: [
          shell('beside', `${once('beside', 0)}; touch /shared/twice; exec sleep 60`, { ...sidecar, volumeMounts })
        ],
        volumes
      }
    )
  })
  const pod = await podOf(kubernetes, 'again', hasEnded)
  t.equal(pod.status?.phase, 'Succeeded')
  t.match(pod.status, { initContainerStatuses: [{ restartCount: 1 }], containerStatuses: [{ restartCount: 1 }] })
  t.equal(await logOf(kubernetes, pod, 'main'), 'started\nstarted\n')
})

await t.test('a deletion stops the containers of a pod, then its sidecars, and kills stubborn processes with their children', async (t) => {
  const kubernetes = await testKubernetes(t)
  const { core } = kubernetes
  const script =
    'trap "" TERM; sleep 60 & echo $! > /shared/child; echo $$$$ > /shared/stubborn; echo ready; while :; do sleep 0.05; done'
  await kubernetes.batch.createNamespacedJob({
    namespace,
    body: jobOf(
      'ended',
      [
        shell('polite', 'trap "echo polite >> /shared/order; exit 0" TERM; echo ready; while :; do sleep 0.05; done', {
          volumeMounts
        }),
        shell('stubborn', script, { volumeMounts })
      ],
      {},
      {
        terminationGracePeriodSeconds: 1,
        initContainers: [
          shell('beside', 'trap "echo beside >> /shared/order; exit 0" TERM; while :; do sleep 0.05; done', {
            ...sidecar,
            volumeMounts
          })
        ],
        volumes
      }
    )
  })
  const pod = await podOf(
    kubernetes,
    'ended',
    isReady
  )
  const name = pod.metadata!.name!
  const read = (file: string): string =>
    readFileSync(`${kubernetes.dir}/pods/${pod.metadata!.uid}/volumes/shared/${file}`, 'utf8')
  for (const container of ['polite', 'stubborn']) {
    await poll(`${container} to be ready`, () =>
      logOf(kubernetes, pod, container))
  }
  const pids = ['child', 'stubborn'].map((file) => Number(read(file)))
  t.same(pids.map(isAlive), [true, true])
  const deleted = await core.deleteNamespacedPod({ namespace, name })
  t.ok(deleted.metadata?.deletionTimestamp)
  await poll(
    'the polite container to end',
    async () => (await core.readNamespacedPod({ namespace, name })).status?.containerStatuses?.[0]?.state?.terminated
  )
  t.equal(read('order'), 'polite\n', 'the sidecar still runs')
  await poll(
    'the pod to be gone',
    async () =>
      (await core.listNamespacedPod({ namespace, labelSelector: 'job-name=ended' })).items.every((each) =>
        each.metadata?.uid !== pod.metadata?.uid
      )
  )
  await poll('the processes to be gone', async () => !pids.some(isAlive))
})

await t.test('the children of a container are killed when it ends', async (t) => {
  const kubernetes = await testKubernetes(t)
  await kubernetes.batch.createNamespacedJob({
    namespace,
    body: jobOf('children', [shell('main', 'sleep 60 & echo $!')])
  })
  const pid = Number(await logOf(kubernetes, await podOf(kubernetes, 'children', hasEnded), 'main'))
  t.ok(pid > 0)
  await poll('the child to be gone', async () => !isAlive(pid))
})

await t.test('no process runs after the stop', async (t) => {
  const kubernetes = await testKubernetes(t)
  await kubernetes.batch.createNamespacedJob({
    namespace,
    body: jobOf('left', [shell('main', 'trap "" TERM; sleep 60 & echo $$$$ $!; wait; wait')])
  })
  const pod = await podOf(kubernetes, 'left', ({ status }) => status?.containerStatuses?.[0]?.state?.running)
  const log = await poll(
    'the process ids',
    async () => (await logOf(kubernetes, pod, 'main')).match(/(\d+) (\d+)/) ?? undefined
  )
  const [main, child] = [Number(log[1]), Number(log[2])]
  t.same([main, child].map(isAlive), [true, true])
  await kubernetes.stop()
  t.notOk(isAlive(main))
  await poll('the child to be gone', async () => !isAlive(child))
})

await t.test('a container never runs in the folder of the local host, and its relative files are in its volumes', async (t) => {
  const kubernetes = await testKubernetes(t)
  const cases: [string, string, object, string][] = [
    ['without', 'echo x > shared/f; cat /shared/f', { volumeMounts }, '/containers/main'],
    [
      'above',
      'echo x > shared/f; cat /w/shared/f',
      { volumeMounts: [{ name: 'shared', mountPath: '/w/shared' }], workingDir: '/w' },
      '/containers/main/w'
    ],
    [
      'within',
      'echo x > f; cat /w/a/f',
      { volumeMounts: [{ name: 'shared', mountPath: '/w' }], workingDir: '/w/a' },
      '/volumes/shared/a'
    ]
  ]
  await Promise.all(cases.map(async ([name, script, more, folder]) => {
    await kubernetes.batch.createNamespacedJob({
      namespace,
      body: jobOf(name, [shell('main', `pwd -P; ${script}`, more)], {}, { volumes })
    })
    const pod = await podOf(kubernetes, name, hasEnded)
    const dir = `${realpathSync(kubernetes.dir)}/pods/${pod.metadata!.uid}`
    t.equal(await logOf(kubernetes, pod, 'main'), `${dir}${folder}\nx\n`, name)
  }))
})

await t.test('a workingDir that is no absolute path is a StartError, as of a container runtime', async (t) => {
  const kubernetes = await testKubernetes(t)
  await kubernetes.batch.createNamespacedJob({
    namespace,
    body: jobOf('relative', [shell('main', 'true', { workingDir: 'work' })])
  })
  const { status } = await podOf(kubernetes, 'relative', hasEnded)
  t.match(status?.containerStatuses?.[0]?.state?.terminated, {
    exitCode: 128,
    reason: 'StartError',
    message: /Cwd property must be an absolute path/
  })
})

await t.test('a workingDir that is a file is a StartError, and the local host goes on', async (t) => {
  const kubernetes = await testKubernetes(t)
  await kubernetes.batch.createNamespacedJob({
    namespace,
    body: jobOf('file', [shell('main', 'true', { workingDir: '/shared/f', volumeMounts })], {}, {
      volumes,
      initContainers: [shell('prepare', 'echo x > /shared/f', { volumeMounts })]
    })
  })
  const { status } = await podOf(kubernetes, 'file', hasEnded)
  t.match(status?.containerStatuses?.[0]?.state?.terminated, { exitCode: 128, reason: 'StartError', message: /EEXIST/ })
})

await t.test('$(NAME) in command, arguments and variables is expanded by what stands before, and by envFrom', async (t) => {
  const kubernetes = await testKubernetes(t)
  await kubernetes.core.createNamespacedConfigMap({
    namespace,
    body: { metadata: { name: 'map' }, data: { FROM: 'from', REF: '$(A)', DIR: '/shared' } }
  })
  await kubernetes.batch.createNamespacedJob({
    namespace,
    body: jobOf(
      'expanded',
      [{
        name: 'main',
        image: 'none',
        command: ['sh', '-c', 'printf "%s\\n" "$@"; env | grep "^V_" | LC_ALL=C sort', '$(A)'],
        args: ['$(A) $(V_LATE) $$(A) $(NONE)', '$(FROM)', '$(DIR)/x', '$(V_CPU)'],
        envFrom: [{ configMapRef: { name: 'map' } }],
        env: [
          { name: 'V_EARLY', value: '$(V_LATE)' },
          { name: 'A', value: 'a' },
          { name: 'V_LATE', value: '$(A)-$(FROM)-$(REF)' },
          { name: 'V_KEY', valueFrom: { configMapKeyRef: { name: 'map', key: 'REF' } } },
          { name: 'V_TWICE', value: '1' },
          { name: 'V_TWICE', value: '$(V_TWICE)2' },
          { name: 'V_CPU', valueFrom: { resourceFieldRef: { resource: 'limits.cpu', divisor: '1m' } } },
          { name: 'V_LABEL', valueFrom: { fieldRef: { fieldPath: "metadata.labels['job-name']" } } }
        ],
        resources: { limits: { cpu: '250m' } },
        volumeMounts
      }],
      {},
      { volumes }
    )
  })
  const pod = await podOf(kubernetes, 'expanded', hasEnded)
  const shared = `${kubernetes.dir}/pods/${pod.metadata!.uid}/volumes/shared`
  t.strictSame((await logOf(kubernetes, pod, 'main')).trim().split('\n'), [
    'a a-from-$(A) $(A) $(NONE)',
    'from',
    `${shared}/x`,
    '250',
    'V_CPU=250',
    'V_EARLY=$(V_LATE)',
    'V_KEY=$(A)',
    'V_LABEL=expanded',
    'V_LATE=a-from-$(A)',
    'V_TWICE=12'
  ])
})

await t.test('files of a ConfigMap have the mode that the volume says', async (t) => {
  const kubernetes = await testKubernetes(t)
  await kubernetes.core.createNamespacedConfigMap({
    namespace,
    body: { metadata: { name: 'map' }, data: { a: 'a', b: 'b' } }
  })
  const configMap = (more: object) => ({ configMap: { name: 'map', ...more } })
  await kubernetes.batch.createNamespacedJob({
    namespace,
    body: jobOf(
      'modes',
      [shell('main', 'stat -c %a /plain/a /run-me/a /items/x', {
        volumeMounts: ['plain', 'run-me', 'items'].map((name) => ({ name, mountPath: `/${name}` }))
      })],
      {},
      {
        volumes: [
          { name: 'plain', ...configMap({}) },
          { name: 'run-me', ...configMap({ defaultMode: 0o755 }) },
          {
            name: 'items',
            ...configMap({ optional: true, items: [{ key: 'b', path: 'x', mode: 0o400 }, { key: 'none', path: 'y' }] })
          }
        ]
      }
    )
  })
  t.equal(await logOf(kubernetes, await podOf(kubernetes, 'modes', hasEnded), 'main'), '644\n755\n400\n')
})

await t.test('a container that must not run as root and names root does not start', async (t) => {
  const kubernetes = await testKubernetes(t)
  const { getuid } = process
  t.teardown(() => {
    process.getuid = getuid!
  })
  process.getuid = () => 0
  await kubernetes.batch.createNamespacedJob({
    namespace,
    body: jobOf('root', [shell('main', 'true', { securityContext: { runAsUser: 0 } })], {}, {
      securityContext: { runAsNonRoot: true, runAsUser: 65532 }
    })
  })
  const { status } = await podOf(
    kubernetes,
    'root',
    ({ status }) => status?.containerStatuses?.[0]?.state?.waiting?.reason === 'CreateContainerConfigError'
  )
  t.match(
    status?.containerStatuses?.[0]?.state?.waiting?.message,
    /^container's runAsUser breaks non-root policy \(pod: "root-/
  )
})

await t.test('a preStop hook that sleeps delays SIGTERM, but not beyond the end of the container', async (t) => {
  const kubernetes = await testKubernetes(t)
  const { core } = kubernetes
  const sleeps = (seconds: number): object => ({ volumeMounts, lifecycle: { preStop: { sleep: { seconds } } } })
  await kubernetes.batch.createNamespacedJob({
    namespace,
    body: jobOf(
      'sleeps',
      [patient('main', {}, sleeps(2)), shell('beside', awaits('main-down'), sleeps(60))],
      {},
      // More milliseconds than a timer takes.
      { terminationGracePeriodSeconds: 3_000_000, volumes }
    )
  })
  const pod = await podOf(kubernetes, 'sleeps', isReady)
  await poll('the container runs', () => orderOf(kubernetes, pod).includes('main-up'))
  const begin = performance.now()
  await core.deleteNamespacedPod({ namespace, name: pod.metadata!.name! })
  await podIsGone(kubernetes, pod)
  const seconds = (performance.now() - begin) / 1000
  t.ok(seconds > 1.9, `SIGTERM after the sleep: ${seconds} s`)
  t.ok(seconds < 20, `no sleep after the end of the container: ${seconds} s`)
})
