import t from 'tap'
import { allKinds } from '../kinds/all-kinds.ts'
import { planJobs } from '../plan-jobs.ts'
import { planRounds } from '../plan-rounds.ts'

const plan = [...planJobs('a seed', 80)]

t.strictSame([...planJobs('a seed', 80)], plan, 'the same seed gives the same jobs')
t.strictSame([...planJobs('a seed', 10)], plan.slice(0, 10), 'fewer of them are the first ones')
t.notSame([...planJobs('another seed', 80)], plan)
t.strictSame(
  new Set(plan.slice(0, allKinds.reduce((sum, { share }) => sum + share, 0)).map(({ kind }) => kind)),
  new Set(allKinds.map(({ name }) => name)),
  'all kinds are in the first deck'
)
t.ok(plan.filter(({ ends }) => ends === 'cancel').every(({ disturbances }) =>
  disturbances.some(({ what }) => what === 'cancel')
), 'what only a cancel ends is canceled')
const disturbed = new Set(plan.flatMap(({ disturbances }) => disturbances.map(({ what }) => what)))
t.strictSame(
  disturbed,
  new Set(['kill function', 'outage', 'no events', 'kill uploader', 'kill workload', 'cancel']),
  'every disturbance occurs'
)

t.strictSame(planRounds('s', 40, ['weed', 'minio']), [
  { seed: 's', store: 'weed', jobs: 20 },
  { seed: 's-2', store: 'minio', jobs: 20 }
])
t.strictSame(planRounds('s', 1, ['weed', 'minio']), [{ seed: 's', store: 'weed', jobs: 1 }])
const many = planRounds('s', 10_001, ['weed'])
t.equal(many.reduce((sum, { jobs }) => sum + jobs, 0), 10_001)
t.ok(many.every(({ jobs }) => jobs <= 40))
