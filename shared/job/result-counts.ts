import { Type, type Static } from 'typebox'

export const LeftOutFile = Type.Object({
  name: Type.String({ maxLength: 1000, description: 'The name; what cannot be printed in it as \\x and two hex digits' }),
  reason: Type.String({ maxLength: 1000 })
}, { title: 'LeftOutFile' })

/** What is known of the results of an attempt: how many are stored, and whether they are all that the workload left. */
export const ResultCounts = Type.Object({
  files: Type.Integer({ description: 'Files that are stored' }),
  bytes: Type.Integer({ description: 'Their bytes' }),
  complete: Type.Boolean({
    description: 'Whether these are all files that lay in the result folder when the workload had ended; links to ' +
      'the outside, sockets and devices are no such files, and are named in left_out'
  }),
  left_out: Type.Array(LeftOutFile, { description: 'Files that are not among the results, the first of them, with the reason' }),
  left_out_count: Type.Integer({ description: 'How many files are left out' })
}, { title: 'ResultCounts' })
export type ResultCounts = Static<typeof ResultCounts>
