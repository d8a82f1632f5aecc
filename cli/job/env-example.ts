import { printable } from '../show/printable.ts'
import type { Template } from './read-templates.ts'

/** A dotenv file that names all variables of a template. Only those without a default are to be filled in. */
export function envExample ({ name, env: { properties = {}, required = [] } }: Template): string {
  const blocks = Object.entries(properties).map(([variable, { description = '', default: value, writeOnly }]) => {
    const notes = [...(required.includes(variable) ? ['required'] : []), ...(writeOnly ? ['secret'] : [])]
    const comment = `# ${printable(description)}${notes.length === 0 ? '' : ` (${notes.join(', ')})`}`
    const isOwed = value === undefined && required.includes(variable)
    return `${comment}\n${isOwed ? '' : '# '}${variable}=${lineOf(String(value ?? ''))}\n`
  })
  return [`# Variables of the template ${printable(name)}: gx4ki run ${printable(name)} --dotenv FILE\n`, ...blocks].join('\n')
}

/** A value in the dialect of docs/dotenv.md; most values stand for themselves. */
function lineOf (value: string): string {
  return /^[\w./:,+@%=-]*$/.test(value) ? value : `'${value}'`
}
