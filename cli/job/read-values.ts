import { readFileSync } from 'node:fs'
import { readDotenv } from '../../shared/dotenv/read-dotenv.ts'
import { utf8Fault } from '../../shared/http/bodies/utf8-fault.ts'
import { EXIT } from '../exit-codes.ts'
import { Failure, misuse } from '../failure.ts'
import type { World } from '../world.ts'

/** The variables for a job, each with the place where it was read. */
export interface Values {
  env: Record<string, string>
  from: Record<string, string>
}

export interface GivenValues {
  /** `NAME=value`, or `NAME` for the value in the environment of this process. */
  set: string[]
  /** `NAME=file`: the value is the content of a file. */
  fileValues: string[]
  /** Dotenv files; `-` is stdin. */
  envFiles: string[]
}

/** Reads all values: those of --env and --value-file win over those of a later file, and these over earlier ones. */
export async function readValues (world: Pick<World, 'env' | 'input'>, given: GivenValues): Promise<Values> {
  const values: Values = { env: Object.create(null), from: Object.create(null) }
  const set = (name: string, value: string, from: string): void => {
    values.env[name] = value
    values.from[name] = from
  }
  const errors: { field: string, message: string }[] = []
  for (const file of given.envFiles) {
    const read = readDotenv(await textOf(world, file))
    errors.push(...read.errors.map(({ line, message }) => ({ field: `${file}:${line}`, message })))
    for (const [name, { value, line }] of read.variables) set(name, value, `${file}:${line}`)
  }
  if (errors.length > 0) {
    throw new Failure(EXIT.refused, `the dotenv file cannot be read: ${errors[0]!.field} ${errors[0]!.message}`, {
      type: 'urn:gx4ki:cli:dotenv',
      errors,
      hint: 'nothing was sent'
    })
  }
  for (const text of given.fileValues) {
    const [name, file] = nameAndRest(text, '--value-file')
    if (file === undefined) throw misuse('--value-file must have the form NAME=file')
    set(name, await textOf(world, file), `--value-file ${name}`)
  }
  for (const text of given.set) {
    const [name, value = world.env[name]] = nameAndRest(text, '--env')
    if (value === undefined) {
      throw misuse(`--env ${name}: there is no such variable in the environment`, `--env ${name}=value sets it`)
    }
    set(name, value, `--env ${name}`)
  }
  return values
}

function nameAndRest (text: string, option: string): [string, string | undefined] {
  const [, name, rest] = /^([A-Za-z_][A-Za-z0-9_]*)(?:=([^]*))?$/.exec(text) ?? []
  // The text is not quoted: it may be a secret.
  if (name === undefined) throw misuse(`${option} must begin with a name of letters, digits and _, not with a digit`)
  return [name, rest]
}

async function textOf ({ input }: Pick<World, 'input'>, file: string): Promise<string> {
  let bytes: Buffer
  try {
    bytes = file === '-' ? await input.bytes() : readFileSync(file)
  } catch (cause) {
    throw misuse(`${file} cannot be read: ${(cause as Error).message}`)
  }
  const fault = utf8Fault(bytes)
  if (fault !== undefined) throw misuse(`${file === '-' ? 'stdin' : file} ${fault}`)
  return bytes.toString()
}
