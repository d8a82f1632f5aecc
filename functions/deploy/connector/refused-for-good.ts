import { isProblem, type ProblemError } from '../../../shared/http/problem.ts'
import { sentence } from '../../../shared/job/reasons/sentence.ts'
import { type Why, why } from '../../../shared/job/reasons/why.ts'

/** Why the asset of a transfer can never be run; `undefined` for an error that may pass. */
export function invalidAsset (error: Error): Why | undefined {
  if (isProblem(error, 'unknown-template') || isProblem(error, 'unknown-asset')) {
    return why('InvalidAsset', sentence(error.message))
  }
  return isProblem(error, 'invalid-request') ? why('InvalidAsset', fieldsOf(error)) : undefined
}

/** Why results can never be pushed to a destination; `undefined` for an error that may pass. */
export function invalidDestination (error: Error): Why | undefined {
  return isProblem(error, 'invalid-request') ? why('InvalidDestination', fieldsOf(error)) : undefined
}

function fieldsOf ({ problem: { errors = [] } }: ProblemError): string {
  return sentence(errors.map(({ field, message }) => `${field} ${message}`).join(', '))
}
