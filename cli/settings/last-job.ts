import { misuse } from '../failure.ts'
import type { Session } from '../session.ts'
import { readJson, statePath, writePrivately } from './config-file.ts'

const LAST = '@last'
const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

export function isJobId (id: unknown): id is string {
  return typeof id === 'string' && ID.test(id)
}

/** Keeps the id of the last job that was started here, for `@last`. Never a reason to fail: a home may be read-only. */
export async function keepLastJob ({ env, settings, verbose, note }: Session, id: string): Promise<void> {
  try {
    writePrivately(statePath(env), { ...readJson(statePath(env)), [settings.url]: id })
  } catch (error) {
    if (verbose) await note(`@last cannot be kept: ${(error as Error).message}`)
  }
}

/** The id of a job: as it was given, or the one for `@last`. */
export function jobIdOf ({ env, settings }: Session, given: string): string {
  if (given === LAST) {
    const last = (readJson(statePath(env)) as Record<string, unknown> | undefined)?.[settings.url]
    if (!isJobId(last)) throw misuse(`no job was started here at ${settings.url} yet`)
    return last
  }
  const id = given.toLowerCase()
  if (!isJobId(id)) throw misuse(`${JSON.stringify(given)} is not the id of a job`, 'gx4ki list shows the ids')
  return id
}
