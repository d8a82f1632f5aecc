import { isRefusal } from '../api/refusal.ts'

export interface FieldError {
  /** As the API names it: `env.DURATION`, `callback.url`, … */
  field: string
  message: string
}

/** The errors of a refused request, field by field; none for another kind of error. */
export function errorsByField (error: Error | undefined): FieldError[] {
  return isRefusal(error) ? error.problem.errors ?? [] : []
}

/** The id of the input for a field of the API. */
export function inputId (field: string): string {
  return `field-${field}`
}
