import t from 'tap'
import { newJobId } from '../../../shared/job/job-id.ts'
import { attemptPrefix, jobOfKey, markerKey, resultKey, stateKey } from '../../../shared/store/bucket-layout.ts'

await t.test('the id of a job is read back from the keys that are listed', async (t) => {
  for (let round = 0; round < 20; round++) {
    const id = newJobId()
    t.equal(jobOfKey(stateKey(id)), id)
    t.equal(jobOfKey(markerKey(id)), id)
  }
})

await t.test('a result keeps its name at the end of its key', async (t) => {
  const id = newJobId()
  t.equal(resultKey(id, 'pod', 'sub/a b.json'), `results/${id}/pod/sub/a b.json`)
  t.equal(resultKey(id, 'pod', ''), attemptPrefix(id, 'pod'))
})
