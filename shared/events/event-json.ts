import { isProblem, problem } from '../http/problem.ts'
import { readJson } from '../http/bodies/read-json.ts'

/** `readJson` for an event: its errors are `invalid-event`. */
export function eventJson (...json: Parameters<typeof readJson>): unknown {
  try {
    return readJson(...json)
  } catch (error) {
    if (!isProblem(error, 'invalid-request')) throw error
    const { detail, errors = [] } = error.problem
    throw problem('invalid-event', detail, { errors, cause: error })
  }
}
