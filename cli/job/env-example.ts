import { readDotenv } from '../../shared/dotenv/read-dotenv.ts'
import { printable } from '../../shared/words/printable.ts'
import type { Template } from './read-templates.ts'

/** A dotenv file that names all variables of a template. Only those that are required have to be filled in. */
export function envExample ({ name, env: { properties = {}, required = [] } }: Template): string {
  const blocks = Object.entries(properties).map(([variable, { description = '', default: value, writeOnly }]) => {
    const isRequired = required.includes(variable)
    const notes = [...(isRequired ? ['required'] : []), ...(writeOnly ? ['secret'] : [])]
    const comment = `# ${printable(description)}${notes.length === 0 ? '' : ` (${notes.join(', ')})`}`
    const line = lineOf(variable, String(value ?? ''))
    return `${comment}\n${isRequired && value === undefined ? line : line.replaceAll(/^/gm, '# ')}\n`
  })
  return [`# Variables of the template ${printable(name)}: gx4ki run ${printable(name)} --dotenv FILE\n`, ...blocks].join('\n')
}

/** The line that is read as this value. Few values have none; these have to be sent in another way. */
function lineOf (variable: string, value: string): string {
  const lines = [value, `'${value}'`, `"${value}"`].map((text) => `${variable}=${text}`)
  return lines.find((line) => readDotenv(line).variables.get(variable)?.value === value) ?? `${variable}=`
}
