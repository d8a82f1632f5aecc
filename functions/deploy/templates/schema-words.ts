import { fieldErrors, type ValidationError } from '../../../shared/schema/field-errors.ts'

/** What a schema of this code refuses in a template, in one line. Each field is named once. */
export function schemaWords (errors: ValidationError[] | null | undefined, whole: string): string {
  const first = new Map<string, string>()
  for (const { field, message } of fieldErrors(errors ?? [], whole)) {
    if (!first.has(field)) first.set(field, message)
  }
  return [...first].map(([field, message]) => `${field} ${message}`).join('; ')
}
