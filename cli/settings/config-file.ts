import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { misuse } from '../failure.ts'
import type { World } from '../world.ts'

/** What `gx4ki login` keeps. */
export interface Config {
  url?: string
  /** A token for each origin; it is sent to this origin only. */
  tokens: Record<string, string>
}

export function configPath (env: World['env']): string {
  return join(env['XDG_CONFIG_HOME'] || join(homeOf(env), '.config'), 'gx4ki', 'config.json')
}

/** The file of the last job that was started here. */
export function statePath (env: World['env']): string {
  return join(env['XDG_STATE_HOME'] || join(homeOf(env), '.local/state'), 'gx4ki', 'last-jobs.json')
}

export function readConfig (env: World['env']): Config {
  const path = configPath(env)
  const content = readJson(path)
  if (content === undefined) return { tokens: {} }
  const { url, tokens = {} } = content as Partial<Config>
  const texts = typeof tokens === 'object' && tokens !== null ? Object.values(tokens) : [undefined]
  if ((url !== undefined && typeof url !== 'string') || texts.some((token) => typeof token !== 'string')) {
    throw misuse(`${path} is not a file that gx4ki login has written`, 'remove it, and run gx4ki login again')
  }
  return { tokens, ...(url !== undefined && { url }) }
}

/** Replaces the file; only its owner can read it. */
export function writeConfig (env: World['env'], config: Config): void {
  writePrivately(configPath(env), config)
}

/** The content of a JSON file that gx4ki has written; `undefined` if there is none. */
export function readJson (path: string): object | undefined {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw misuse(`${path} cannot be read: ${(cause as Error).message}`)
  }
  try {
    const content: unknown = JSON.parse(text)
    if (typeof content === 'object' && content !== null) return content
  } catch {
    // The message of JSON.parse quotes the content, which has tokens.
  }
  throw misuse(`${path} is not a file that gx4ki has written`, 'remove it')
}

/** Written beside the file and renamed, so that a crash leaves the old content. */
export function writePrivately (path: string, content: object): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  const beside = `${path}.${process.pid}`
  writeFileSync(beside, JSON.stringify(content, undefined, 2) + '\n', { mode: 0o600 })
  renameSync(beside, path)
}

function homeOf (env: World['env']): string {
  return env['HOME'] || homedir()
}
