import t from 'tap'
import { isJobToken, jobToken } from '../../../shared/access/job-token.ts'
import { newJobId } from '../../../shared/job/job-id.ts'

const key = 'k'.repeat(32)

await t.test('the token depends only on the key and the id', async (t) => {
  const id = newJobId()
  t.equal(jobToken(key, id), jobToken(key, id))
  t.ok(isJobToken(key, id, jobToken(key, id)))
  t.match(jobToken(key, id), /^[A-Za-z0-9_-]{43}$/, 'it has only characters that are safe in a file and a header')
})

await t.test('every other token is refused', async (t) => {
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
  t.notOk(isJobToken('l'.repeat(32), id, token), 'the token is refused with another key')
})
