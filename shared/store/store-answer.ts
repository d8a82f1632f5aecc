import type http from 'node:http'
import { XMLParser } from 'fast-xml-parser'
import { readAll } from '../http/bodies/read-all.ts'
import { problem } from '../http/problem.ts'
import { storeErrors } from '../telemetry/metrics.ts'

/** Reads the answer to its end, which also frees the connection. */
export async function whole (response: http.IncomingMessage): Promise<Buffer> {
  try {
    return await readAll(response)
  } catch (cause) {
    throw unreadable('The object store broke off its answer', cause)
  }
}

/**
 * What is not there may be an object, its tags or its upload. A bucket that is missing has a name of its own, and a
 * stranger's 404 none.
 */
const absences = new Set(['NoSuchKey', 'NoSuchTagSet', 'NoSuchUpload', 'NoSuchVersion'])

/**
 * Whether the store says that there is no such thing; then the answer is read to its end. Not for HEAD, whose answer
 * says no more than 404.
 */
export async function isAbsent (response: http.IncomingMessage): Promise<boolean> {
  if (response.statusCode !== 404) return false
  const { Error: { Code: code = '' } } = parseXml(await whole(response), 'Error') as { Error: { Code?: string } }
  if (!absences.has(code)) throw nonsense(new Error(`404 ${code}`))
  return true
}

/**
 * Whether a condition of the request did not hold; then the answer is read to its end. 409 is how AWS says that two
 * came at once. What comes without an S3 error is from another program.
 */
export async function isUnmet (response: http.IncomingMessage): Promise<boolean> {
  if (response.statusCode !== 409 && response.statusCode !== 412) return false
  parseXml(await whole(response), 'Error')
  return true
}

/** Every store sends one with every object; what comes without is from somebody else. */
export function etagOf ({ headers }: http.IncomingMessage): string {
  if (headers.etag === undefined) throw nonsense(new Error('there is no ETag'))
  return headers.etag
}

const parser = new XMLParser({
  parseTagValue: false,
  htmlEntities: true,
  isArray: (name) => ['Contents', 'Tag', 'Part', 'Upload'].includes(name)
})

/** Parses an answer of the store; anything without the expected root is nonsense and counts as a store that is down. */
export function parseXml (body: Buffer, root: string): Record<string, unknown> {
  const xml = body.toString()
  try {
    const parsed = parser.parse(xml, true) as Record<string, unknown>
    if (parsed[root] === '') return { [root]: {} }
    if (typeof parsed[root] === 'object') return parsed
    throw new Error(`expected <${root}>, got: ${xml.slice(0, 200)}`)
  } catch (cause) {
    throw nonsense(cause)
  }
}

export function nonsense (cause: unknown): Error {
  return unreadable('The object store answered something that is no S3 answer', cause)
}

function unreadable (detail: string, cause: unknown): Error {
  storeErrors.inc({ status: 'unreadable' })
  return problem('store-unavailable', detail, { cause })
}
