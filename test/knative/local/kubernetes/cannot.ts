import t from 'tap'
import { jobOf, jobsPath, request, shell, testKubernetes } from '../../../support/local-kubernetes.ts'

const main = (more: object = {}): object => shell('main', 'true', more)

await t.test('what only a cluster can do is refused in these words, with the field, and not as a mistake', async (t) => {
  const kubernetes = await testKubernetes(t)
  const pod = (more: object): object => ({ template: { spec: { restartPolicy: 'Never', containers: [main()], ...more } } })
  const container = (more: object): object => pod({ containers: [main(more)] })
  const volume = (source: object): object => pod({ volumes: [{ name: 'v', ...source }] })
  const at = 'spec.template.spec'
  const cases: [object, string][] = [
    [volume({ hostPath: { path: '/' } }), `mount a volume of the kind hostPath (${at}.volumes[0])`],
    [volume({ persistentVolumeClaim: { claimName: 'c' } }), `mount a volume of the kind persistentVolumeClaim (${at}.volumes[0])`],
    [container({ resources: { limits: { 'nvidia.com/gpu': '1' } } }), `give a container nvidia.com/gpu (${at}.containers[0].resources)`],
    [
      container({ securityContext: { privileged: true } }),
      `run a privileged container (${at}.containers[0].securityContext.privileged)`
    ],
    [
      pod({ initContainers: [main({ name: 'i', securityContext: { capabilities: { add: ['NET_ADMIN'] } } })] }),
      `add capabilities (${at}.initContainers[0].securityContext.capabilities.add)`
    ],
    [
      container({ lifecycle: { preStop: { httpGet: { port: 80 } } } }),
      `run a hook of the kind httpGet (${at}.containers[0].lifecycle.preStop)`
    ],
    [
      container({ env: [{ name: 'A', valueFrom: { fileKeyRef: { volumeName: 'v', path: 'p', key: 'k' } } }] }),
      `take a variable from a file (${at}.containers[0].env[0].valueFrom.fileKeyRef)`
    ],
    [pod({ schedulingGates: [{ name: 'g' }] }), `hold back a pod (${at}.schedulingGates)`],
    [{ ...pod({}), completionMode: 'Indexed' }, 'run Indexed Jobs (spec.completionMode)'],
    [{ ...pod({}), podFailurePolicy: { rules: [] } }, 'apply spec.podFailurePolicy'],
    [{ ...pod({}), managedBy: 'example.com/x' }, 'leave a Job to the controller example.com/x (spec.managedBy)']
  ]
  for (const [spec, what] of cases) {
    t.match(await request(kubernetes, 'POST', jobsPath, { metadata: { name: 'j' }, spec }), {
      code: 400,
      body: { reason: 'BadRequest', message: `the local host cannot ${what}; a cluster can` }
    }, what)
  }
  const both = await request(kubernetes, 'POST', `${jobsPath}?dryRun=All`, {
    metadata: { name: 'j' },
    spec: pod({ schedulingGates: [{ name: 'g' }], volumes: [{ name: 'v', nfs: {} }] })
  })
  t.match(both.body.message, /^the local host cannot mount .*, and cannot hold back .*; a cluster can$/)
  const { body: { items } } = await request(kubernetes, 'GET', jobsPath)
  t.strictSame(items, [], 'no refused Job was made')
})

await t.test('a container as root is refused where the local host is not root', async (t) => {
  const kubernetes = await testKubernetes(t)
  const { getuid } = process
  t.teardown(() => {
    process.getuid = getuid!
  })
  const body = jobOf('j', [shell('main', 'true', { securityContext: { runAsUser: 0 } })])
  const statuses: number[] = []
  for (const uid of [1000, 0]) {
    process.getuid = () => uid
    statuses.push((await request(kubernetes, 'POST', `${jobsPath}?dryRun=All`, body)).code)
  }
  t.strictSame(statuses, [400, 201])
})

await t.test('what is ignored is not refused', async (t) => {
  const kubernetes = await testKubernetes(t)
  const probe = { exec: { command: ['true'] } }
  const body = jobOf(
    'j',
    [shell('main', 'true', {
      imagePullPolicy: 'Always',
      resources: { limits: { cpu: '64', memory: '1Ti', 'ephemeral-storage': '1Ti' } },
      livenessProbe: probe,
      startupProbe: probe,
      securityContext: { runAsUser: 1234, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } }
    })],
    {},
    {
      nodeSelector: { gpu: 'a100' },
      tolerations: [{ operator: 'Exists' }],
      priorityClassName: 'high',
      imagePullSecrets: [{ name: 's' }],
      hostNetwork: true,
      serviceAccountName: 's'
    }
  )
  t.equal((await request(kubernetes, 'POST', `${jobsPath}?dryRun=All`, body)).code, 201)
})
