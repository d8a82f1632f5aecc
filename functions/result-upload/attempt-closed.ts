import { problem } from '../../shared/http/problem.ts'

/** After the manifest the results stay as they were counted. */
export function attemptClosed (id: string): Error {
  return problem('upload-refused', 'All results of this attempt were said to be up; they can no longer change', {
    job_uuid: id
  })
}
