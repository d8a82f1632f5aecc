import type { Values } from './form-values.ts'

/**
 * The same request for the command line. The values of the variables in `secret` are not shown: the command takes them
 * from its environment.
 */
export function commandLine (template: string, values: Values, secret: string[]): string {
  const given = Object.entries(values).map(([name, value]) =>
    secret.includes(name) ? `-e ${name}` : `-e ${quoted(`${name}=${value}`)}`)
  return ['gx4ki run', quoted(template), ...given].join(' ')
}

/** A word for a shell. */
function quoted (word: string): string {
  return /^[\w./:=@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`
}
