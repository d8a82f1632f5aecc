import type { Failure } from '../failure.ts'
import type { World } from '../world.ts'

/** Says on stderr why a command failed: what, where, and what to do; or the same as one JSON object. */
export async function tellFailure (
  { err }: Pick<World, 'err'>,
  { code, message, facts }: Failure,
  { json, stack }: { json: boolean, stack: string | undefined }
): Promise<void> {
  const { type, errors = [], hint, job_uuid: id, trace_id: trace, status } = facts
  if (json) {
    await err.write(`${JSON.stringify({ type, detail: message, exit_code: code, status, errors: facts.errors, hint, job_uuid: id, trace_id: trace })}\n`)
    return
  }
  const each = errors.map(({ field, message }) => `${field} ${message}`)
  // A message that is the first of the errors, perhaps without the place of its value, is not said twice.
  const isFirst = each[0]?.startsWith(message) ?? false
  const isSaid = isFirst || (each[0] !== undefined && message.endsWith(each[0]))
  const lines = [
    `gx4ki: ${isFirst ? each[0] : message}`,
    ...each.slice(isSaid ? 1 : 0).map((line) => `  ${line}`),
    ...(hint === undefined ? [] : [`  ${hint}`]),
    ...(trace === undefined ? [] : [`  (${type.replace(/^urn:gx4ki:problem:/, '')}, trace id ${trace})`]),
    ...(stack === undefined ? [] : [stack])
  ]
  await err.write(`${lines.join('\n')}\n`)
}
