import type { Values } from './form-values.ts'

interface Asked {
  template: string
  env: Values
  queue?: string
  callback?: { url: string }
}

/**
 * The same request for the command line. The values of the variables in `secret` are not shown: the command takes them
 * from its environment.
 */
export function commandLine ({ template, env, queue, callback }: Asked, secret: string[]): string {
  const given = Object.entries(env).map(([name, value]) =>
    secret.includes(name) ? `-e ${name}` : `-e ${quoted(`${name}=${value}`)}`)
  if (queue !== undefined) given.push(`--queue ${quoted(queue)}`)
  if (callback !== undefined) given.push(`--callback ${quoted(callback.url)}`)
  return ['gx4ki run', quoted(template), ...given].join(' ')
}

/** A word for a shell. */
function quoted (word: string): string {
  return /^[\w./:=@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`
}
