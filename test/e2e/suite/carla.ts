import { createHash, randomBytes } from 'node:crypto'
import { resolve } from 'node:path'
import t from 'tap'
import { clusterOf } from '../../support/cluster-of.ts'
import { testHost } from '../../support/host.ts'
import { kubectl, kubectlWith } from '../../support/kubectl.ts'
import { poll } from '../../support/poll.ts'
import { NODE } from '../control-plane.ts'
import { carlaStandIn } from '../images.ts'
import { startRegistry } from '../registry.ts'

const GPU = '/status/capacity/nvidia.com~1gpu'

await t.test('carla-minimal with a stand-in image: GPU, Secret for the pull, recording', async (t) => {
  const credentials = { user: 'puller', password: randomBytes(12).toString('hex') }
  const registry = await startRegistry(carlaStandIn(), credentials)
  t.teardown(() => registry.close())
  const host = await testHost(t, { '*': { TEMPLATES_DIR: resolve('knative/templates') } })
  const patchNode = (patch: object): void => {
    kubectl('patch', 'node', NODE, '--subresource=status', '--type=json', '-p', JSON.stringify([patch]))
  }
  t.teardown(() => kubectl('delete', 'secret', 'harbor', '-n', 'gx4ki-jobs', '--ignore-not-found'))
  /** The Job does not change, so only a ping finds this reason. */
  const isHeldUpBy = async (reason: RegExp): Promise<void> => {
    await poll(`the reason of the job matches ${reason}`, async () => {
      await host.ping()
      return reason.test((await host.job(id)).reason ?? '')
    })
  }

  const id = await host.deploy({ template: 'carla-minimal', env: { DURATION: '5' } })
  await isHeldUpBy(/^Unschedulable$/)

  patchNode({ op: 'add', path: GPU, value: '1' })
  t.teardown(() => patchNode({ op: 'remove', path: GPU }))
  await isHeldUpBy(/^(ErrImagePull|ImagePullBackOff)$/)
  t.equal(registry.pulls, 0, 'without the Secret, nothing is pulled')
  const [pod] = await clusterOf(host).pods()
  t.match(pod?.spec?.containers[0]?.resources, {
    limits: { 'nvidia.com/gpu': '1' },
    requests: { 'nvidia.com/gpu': '1' }
  })

  const secret = kubectl(
    'create',
    'secret',
    'docker-registry',
    'harbor',
    '-n',
    'gx4ki-jobs',
    '--docker-server=harbor.example.org',
    `--docker-username=${credentials.user}`,
    `--docker-password=${credentials.password}`,
    '--dry-run=client',
    '-o',
    'json'
  )
  kubectlWith(secret, 'apply', '-f', '-')
  t.match(
    await poll('the job has ended', async () => {
      const job = await host.job(id)
      return ['succeeded', 'failed', 'lost'].includes(job.state) && job
    }),
    { state: 'succeeded', exit_code: 0 }
  )
  t.ok(registry.pulls > 0)

  const log = await host.jobLog(id)
  for (
    const line of [
      'DURATION=5',
      'CARLA_EXAMPLE=automatic_control',
      'SDL_VIDEODRIVER=dummy',
      'DISPLAY=:1',
      'RESULT_DIR=rosbag',
      'SAVE_RESULTS=',
      'uid=1000'
    ]
  ) {
    t.ok(log.split('\n').includes(line), line)
  }
  t.notMatch(log, /TOKEN|SECRET|S3_|gx4ki\.svc/, 'no token, store setting or function address')

  t.strictSame(
    (await host.results(id)).map(({ name }) => name),
    ['metadata.yaml', 'rosbag_0.mcap'],
    'the files of a rosbag2 recording'
  )
  for (const name of ['metadata.yaml', 'rosbag_0.mcap']) {
    const bytes = await (await host.result(id, name)).bytes()
    t.match(
      log,
      `${createHash('sha256').update(bytes).digest('hex')}  ${name}`,
      `${name} has the checksum that the workload printed`
    )
  }
})
