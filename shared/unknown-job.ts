import { problem } from './problem.ts'

/** Of a job that is not there, and of one that the caller must not see: the answer is the same. */
export function unknownJob (id: string): Error {
  return problem('unknown-job', 'There is no job with this id', { job_uuid: id, errors: [{ field: 'id', message: 'is not known' }] })
}
