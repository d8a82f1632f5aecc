import type { Command } from '../arguments/command.ts'
import { nearest } from '../arguments/nearest.ts'
import { EXIT } from '../exit-codes.ts'
import { Failure, misuse } from '../failure.ts'
import { envExample } from '../job/env-example.ts'
import { readTemplates, type Template, type Variable } from '../job/read-templates.ts'
import type { Session } from '../session.ts'
import { printable, printableLines } from '../../shared/words/printable.ts'
import { table } from '../show/table.ts'

export const templates: Command = {
  name: 'templates',
  usage: '[NAME]',
  most: 1,
  summary: 'Lists the templates, or shows the variables of one',
  examples: ['gx4ki templates drive', 'gx4ki templates drive --env-example > drive.env'],
  options: [
    { name: 'schema', help: 'the JSON Schema of the variables' },
    { name: 'env-example', help: 'a dotenv file with all variables and their defaults' }
  ],
  async run (session, given) {
    const [name] = given.positionals
    const [schema, example] = [given.flag('schema'), given.flag('env-example')]
    if (name === undefined && (schema || example)) throw misuse('--schema and --env-example need the name of a template')
    if (schema && example) throw misuse('--schema and --env-example exclude each other')
    const all = await readTemplates(session)
    if (name === undefined) {
      const rows = all.templates.map(({ name, description }) => [name, description].map(printable))
      await session.answer(all, () => table(session.out, ['TEMPLATE', 'DESCRIPTION'], rows))
      for (const { file, reason } of all.refused) await session.note(`refused: ${printable(file)}: ${printable(reason)}`)
      return EXIT.done
    }
    const template = all.templates.find((one) => one.name === name)
    if (template === undefined) throw unknownTemplate(name, all.templates)
    if (schema) await session.answer(template.env, () => `${JSON.stringify(template.env, undefined, 2)}\n`)
    else if (example) await session.answer({ env: envExample(template) }, () => exampleFor(session, template))
    else await show(session, template)
    return EXIT.done
  }
}

/** A file gets the bytes; a terminal would obey what is in a default. */
function exampleFor ({ out }: Session, template: Template): string {
  return out.isTerminal ? printableLines(envExample(template)) : envExample(template)
}

async function show (session: Session, template: Template): Promise<void> {
  const { env: { properties = {}, required = [] }, description, warnings } = template
  const rows = Object.entries(properties).map(([name, variable]) =>
    [name, limits(variable), standard(variable, required.includes(name)), variable.description ?? ''].map(printable))
  await session.note(printable(description))
  await session.answer(template, () => table(session.out, ['VARIABLE', 'VALUES', 'DEFAULT', 'DESCRIPTION'], rows))
  for (const warning of warnings) await session.note(`warning: ${printable(warning)}`)
}

function limits ({ type = '', enum: values, minimum, maximum, pattern }: Variable): string {
  if (values !== undefined) return values.join(', ')
  if (minimum !== undefined || maximum !== undefined) return `${type} ${minimum ?? ''}–${maximum ?? ''}`
  return pattern === undefined ? type : `${type} ${pattern}`
}

function standard ({ default: value, writeOnly }: Variable, isRequired: boolean): string {
  if (value !== undefined) return String(value)
  return [...(isRequired ? ['required'] : []), ...(writeOnly ? ['secret'] : [])].join(', ')
}

function unknownTemplate (name: string, all: Template[]): Failure {
  const meant = nearest(name, all.map((one) => one.name))
  return new Failure(EXIT.refused, `there is no template ${JSON.stringify(name)}`, {
    type: 'urn:gx4ki:problem:unknown-template',
    hint: meant === undefined ? 'gx4ki templates shows them' : `did you mean ${meant}?`
  })
}
