import { invalidField } from '../../../shared/http/problem.ts'
import { wrongName } from '../../../shared/results/wrong-name.ts'

/** Refuses a field of the query that is not the name of a result file. */
export function checkName (field: string, name: string): void {
  const wrong = wrongName(name)
  if (wrong !== undefined) throw invalidField(field, wrong)
}
