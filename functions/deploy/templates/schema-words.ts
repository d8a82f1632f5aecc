import { fieldErrors, type ValidationError } from '../../../shared/schema/field-errors.ts'

/** What a schema of this code refuses in a template, in one line. Each field is named once. */
export function schemaWords (errors: ValidationError[] | null | undefined, whole: string): string {
  const first = new Map<string, string>()
  for (const { field, message } of fieldErrors(errors ?? [], whole)) {
    if (first.has(field)) continue
    first.set(field, message.startsWith('must have required property') ? 'is missing' : message)
  }
  return [...first].map(([field, message]) => `${field} ${message}`).join('; ')
}
