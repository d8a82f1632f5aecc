import t from 'tap'
import { isJobToken, jobToken } from '../../../shared/access/job-token.ts'
import { newJobId } from '../../../shared/job/job-id.ts'

const key = 'k'.repeat(32)

await t.test('the token follows from the key and the id alone', async (t) => {
  const id = newJobId()
  t.equal(jobToken(key, id), jobToken(key, id))
  t.ok(isJobToken(key, id, jobToken(key, id)))
  t.match(jobToken(key, id), /^[A-Za-z0-9_-]{43}$/, 'as a file and a header can hold it')
})

await t.test('no other token is taken', async (t) => {
  const id = newJobId()
  const token = jobToken(key, id)
  for (
    const other of [
      '',
      ' ',
      token.slice(1),
      token + '=',
      token.toLowerCase(),
      `${token}\n`,
      'ü'.repeat(43),
      jobToken(key, newJobId()),
      jobToken('l'.repeat(32), id)
    ]
  ) {
    t.notOk(isJobToken(key, id, other), other)
  }
  t.notOk(isJobToken('l'.repeat(32), id, token), 'nor with another key')
})
