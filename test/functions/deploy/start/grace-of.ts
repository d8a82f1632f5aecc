import t from 'tap'
import { graceOf, graceOfPod, RESULTS_SIZE } from '../../../../functions/deploy/start/grace-of.ts'

const containers = [{ name: 'main', image: 'a' }]

await t.test('without a period of the template, a full volume goes up at 20 MiB/s after the workload has ended', async (t) => {
  // A minute for the first and the last requests, and 40 s for the workload.
  t.same(graceOf(undefined, '20Mi'), { total: 101, workload: 40, notice: 10 })
  t.same(graceOf(undefined, '1Gi'), { total: 40 + 60 + 52, workload: 40, notice: 10 })
  t.same(graceOf(undefined, '10Gi'), { total: 40 + 60 + 512, workload: 40, notice: 10 })
  t.same(graceOf(undefined, '64Gi'), { total: 40 + 60 + 3277, workload: 40, notice: 10 })
})

await t.test('a longer period of the template is time for the workload', async (t) => {
  t.same(graceOf(101, '20Mi'), { total: 101, workload: 40, notice: 10 })
  t.same(graceOf(1000, '20Mi'), { total: 1000, workload: 939, notice: 10 })
})

await t.test('a shorter period is shared, and its author is told what would be enough', async (t) => {
  for (
    const [own, shares] of [
      [100, { total: 100, workload: 33, notice: 10 }],
      [30, { total: 30, workload: 10, notice: 3 }],
      [5, { total: 5, workload: 1, notice: 0 }]
    ] as const
  ) {
    const { warning, ...grace } = graceOf(own, '20Mi')
    t.same(grace, shares)
    t.equal(warning, `terminationGracePeriodSeconds is ${own}, and a full result volume of 20Mi takes 61 s to go up: ` +
      'set it to 101 or more, or make the volume "results" smaller')
  }
  t.match(graceOf(140, '10Gi'), { workload: 40, warning: /612 or more/ }, 'the workload gets no more than by default')
})

await t.test('no period is longer than Kubernetes can wait', async (t) => {
  for (const size of ['100Ei', '1E30']) {
    t.match(graceOf(undefined, size), {
      total: 2 ** 31 - 1,
      workload: 40,
      warning: /^a full result volume of \w+ takes \S+ s to go up, and no grace period is longer than 2147483647 s: make/
    }, size)
  }
  t.match(graceOf(2 ** 40, '20Mi'), { total: 2 ** 31 - 1, warning: /^terminationGracePeriodSeconds is 1099511627776, and .* 2147483647/ })
  t.same(graceOf(2 ** 31 - 1, '20Mi'), { total: 2 ** 31 - 1, workload: 2 ** 31 - 62, notice: 10 })
})

await t.test('the size is that of the result volume, and of its default where it has no limit', async (t) => {
  const standard = graceOf(undefined, RESULTS_SIZE)
  const volume = (emptyDir: object | null) => ({ containers, volumes: [{ name: 'other' }, { name: 'results', emptyDir }] })
  t.same(graceOfPod({ ...volume({ sizeLimit: '1Gi' }), terminationGracePeriodSeconds: 500 } as never), graceOf(500, '1Gi'))
  t.same(graceOfPod(volume({ sizeLimit: '1Gi' }) as never), graceOf(undefined, '1Gi'))
  for (const emptyDir of [null, {}, { sizeLimit: null }, { sizeLimit: '0' }]) {
    t.same(graceOfPod(volume(emptyDir) as never), standard)
  }
  t.same(graceOfPod({ containers }), standard)
  t.same(graceOfPod({ containers, volumes: null, terminationGracePeriodSeconds: null } as never), standard)
})
