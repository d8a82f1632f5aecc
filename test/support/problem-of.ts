import type { Test } from 'tap'

export interface ProblemBody {
  type: string
  title: string
  status: number
  detail: string
  trace_id: string
  job_uuid?: string
  errors?: { field: string, message: string }[]
}

/**
 * Checks that a response is a problem of this status and kind, with a trace id and without details of our code. Returns
 * the problem.
 */
export async function problemOf (
  t: Test,
  response: Response,
  status: number,
  kind: string
): Promise<ProblemBody> {
  const text = await response.text()
  t.equal(response.status, status, text)
  t.match(response.headers.get('content-type'), /^application\/problem\+json/)
  const problem = JSON.parse(text) as ProblemBody
  t.match(problem, { type: `urn:gx4ki:problem:${kind}`, title: /\w/, status, detail: /\w/, trace_id: /^[0-9a-f]{32}$/ })
  t.notMatch(text, /\\n|node_modules|node:|\.[cm]?[jt]s:\d/, 'no stack trace')
  return problem
}

/** Checks that a response is a problem about this field. Returns the problem. */
export async function problemAbout (
  t: Test,
  response: Response,
  field: string,
  status = 400,
  kind = 'invalid-request'
): Promise<ProblemBody> {
  const problem = await problemOf(t, response, status, kind)
  t.equal(problem.errors?.[0]?.field, field, `the problem names the field ${field}`)
  return problem
}
