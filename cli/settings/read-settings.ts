import { readFileSync } from 'node:fs'
import { misuse } from '../failure.ts'
import type { World } from '../world.ts'
import { readConfig } from './config-file.ts'

export const DEFAULT_URL = 'http://127.0.0.1:8080'

export interface Settings {
  /** The address of the API, without a slash at its end. */
  url: string
  /** The credential for the origin of `url`, and for no other. */
  token?: string
}

/** The variables, for `gx4ki help settings` and the reference page. */
export const variables: Record<string, string> = {
  GX4KI_URL: `the address of the API; without it, that of gx4ki login, else ${DEFAULT_URL}`,
  GX4KI_TOKEN: 'an API key or OIDC token; sent only to the origin of GX4KI_URL',
  GX4KI_TOKEN_FILE: 'a file with the token, read at each start',
  XDG_CONFIG_HOME: 'gx4ki login keeps tokens in gx4ki/config.json below it (~/.config)',
  XDG_STATE_HOME: 'the ids for @last are in gx4ki/last-jobs.json below it (~/.local/state)',
  NO_COLOR: 'no colours'
}

/**
 * The address: the option --url, else GX4KI_URL, else what `gx4ki login` has kept. A token of the environment belongs
 * to GX4KI_URL, so --url with another origin does not get it.
 */
export function readSettings (env: World['env'], asked: string | undefined): Settings {
  const config = readConfig(env)
  const fromEnv = env['GX4KI_URL'] || undefined
  const url = apiUrl(asked ?? fromEnv ?? config.url ?? DEFAULT_URL, asked ? '--url' : fromEnv ? 'GX4KI_URL' : 'the url')
  const { origin } = new URL(url)
  const owner = fromEnv === undefined ? origin : new URL(apiUrl(fromEnv, 'GX4KI_URL')).origin
  const token = (owner === origin ? tokenOf(env) : undefined) ?? config.tokens[origin]
  return { url, ...(token !== undefined && { token }) }
}

/** Checks an address and returns it without the slash at its end. */
export function apiUrl (text: string, from: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw misuse(`${from} must be an http or https address, such as ${DEFAULT_URL}`)
  }
  // Not quoted: it may be a secret.
  if (url.username || url.password) throw misuse(`${from} must not contain a name or password: use gx4ki login`)
  if (url.search || url.hash) throw misuse(`${from} must not have a query or a fragment`)
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}`
}

/** Checks a token without showing it, and removes the line end that editors add. */
export function checkedToken (text: string, from: string): string {
  const token = text.trim()
  if (!/^[\x21-\x7e]+$/.test(token)) {
    throw misuse(`${from} has no token: one word of printable ASCII characters is expected`)
  }
  return token
}

function tokenOf (env: World['env']): string | undefined {
  if (env['GX4KI_TOKEN']) return checkedToken(env['GX4KI_TOKEN'], 'GX4KI_TOKEN')
  const path = env['GX4KI_TOKEN_FILE']
  if (!path) return undefined
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (cause) {
    throw misuse(`the file in GX4KI_TOKEN_FILE cannot be read: ${(cause as Error).message}`)
  }
  return checkedToken(text, 'the file in GX4KI_TOKEN_FILE')
}
