import t from 'tap'
import { decideUpload } from '../../../functions/result-upload/decide-upload.ts'

const small = { size: 10, sha256: 'aa' }
const large = { size: 1000, sha256: 'bb' }
const nothing = { stored: undefined, note: undefined, complete: false }

for (
  const { situation, file, known, decision } of [
    { situation: 'a new small file', file: small, known: {}, decision: 'put' },
    { situation: 'a new empty file', file: { ...small, size: 0 }, known: {}, decision: 'put' },
    { situation: 'a file of just one part', file: { ...small, size: 100 }, known: {}, decision: 'put' },
    { situation: 'a new large file', file: large, known: {}, decision: 'begin' },
    { situation: 'a large file that is under way', file: large, known: { note: large }, decision: 'go-on' },
    {
      situation: 'a large file that has changed on the way',
      file: large,
      known: { note: { ...large, sha256: 'cc' } },
      decision: 'begin'
    },
    {
      situation: 'a large file that has grown on the way',
      file: large,
      known: { note: { ...large, size: 999 } },
      decision: 'begin'
    },
    { situation: 'a file that has become small on the way', file: small, known: { note: large }, decision: 'put' },
    { situation: 'a file that is there', file: small, known: { stored: small }, decision: 'stored' },
    {
      situation: 'a file that is there with other bytes',
      file: small,
      known: { stored: { ...small, sha256: 'cc' } },
      decision: 'put'
    },
    {
      situation: 'a file that is there with another size',
      file: small,
      known: { stored: { ...small, size: 9 } },
      decision: 'put'
    },
    {
      situation: 'a file that is there, after all was said to be up',
      file: small,
      known: { stored: small, complete: true },
      decision: 'stored'
    },
    {
      situation: 'a changed file, after all was said to be up',
      file: small,
      known: { stored: large, complete: true },
      decision: 'closed'
    },
    { situation: 'a new file, after all was said to be up', file: large, known: { complete: true }, decision: 'closed' }
  ]
) {
  await t.test(`${situation}: ${decision}`, async (t) => {
    t.equal(decideUpload(file, { ...nothing, ...known }, 100), decision)
  })
}
