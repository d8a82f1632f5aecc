import t from 'tap'
import { chaosSettings } from '../settings.ts'

const now = new Date('2026-11-28T23:59:00Z')

t.match(chaosSettings({}, now), { seed: '20261128', jobs: 40, seconds: 120, store: undefined })
t.match(
  chaosSettings({ CHAOS_SEED: 'x', CHAOS_JOBS: '10000', CHAOS_STORE: 'minio' }, now),
  { seed: 'x', jobs: 10_000, seconds: undefined, store: 'minio' }
)
t.match(chaosSettings({ CHAOS_JOBS: '10', CHAOS_SECONDS: '60', LOCAL_STORE: 'weed' }, now), { seconds: 60, store: 'weed' })
t.throws(() => chaosSettings({ CHAOS_JOBS: 'many' }, now), { message: /CHAOS_JOBS/ })
t.throws(() => chaosSettings({ CHAOS_STORE: 'ceph' }, now), { message: /CHAOS_STORE/ })
