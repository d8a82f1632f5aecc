import { readDotenv } from '../../../shared/dotenv/read-dotenv.ts'
import { problem } from '../../../shared/http/problem.ts'

/** Parses a dotenv file. Throws `invalid-request` with the numbers of the first hundred bad lines. */
export function parseDotenv (text: string): Record<string, string> {
  const { variables, errors } = readDotenv(text)
  if (errors.length > 0) {
    const fields = errors.map(({ line, message }) => ({ field: `line ${line}`, message }))
    throw problem('invalid-request', `The dotenv file cannot be read: ${fields[0]!.field} ${fields[0]!.message}`, {
      errors: fields
    })
  }
  return Object.fromEntries([...variables].map(([name, { value }]) => [name, value]))
}
