/** As long as a marker without a record may belong to a request that is under way, it stays. As deploy has it. */
export const ABANDONED_MS = 5 * 60_000

/** What is there at the end, apart from the jobs of the plan one by one. */
export interface Leftovers {
  /** The records, with the name of the job in the plan. `isGivenUp`: Kubernetes did not say whether it has the Job. */
  records: { id: string, name: string, isGivenUp: boolean, isTerminal: boolean }[]
  /** The ids that clients got, by the name of the job in the plan. */
  accepted: Map<string, string>
  markers: { id: string, ageMs: number }[]
  claims: { key: string, id: string }[]
  /** The ids of the Jobs in Kubernetes. */
  jobs: string[]
  uploads: string[]
  processes: number[]
}

export interface LeftoverViolation {
  rule: string
  detail: string
}

/** What of it must not be there. */
export function judgeLeftovers (
  { records, accepted, markers, claims, jobs, uploads, processes }: Leftovers
): LeftoverViolation[] {
  const violations: LeftoverViolation[] = []
  const byId = new Map(records.map((record) => [record.id, record]))
  for (const { id, name, isGivenUp, isTerminal } of records) {
    if (accepted.get(name) === id) continue
    // Of those that clients got each one is judged as a job.
    if (!isGivenUp) violations.push({ rule: 'one job', detail: `${name} was also accepted as ${id}` })
    if (!isTerminal) violations.push({ rule: 'ended', detail: `${id}, which was given up, has not ended` })
  }
  for (const { id, ageMs } of markers) {
    const record = byId.get(id)
    if (record === undefined && ageMs > ABANDONED_MS) {
      violations.push({ rule: 'no marker left', detail: `open/${id} of a job without a record` })
    }
    if (record !== undefined && accepted.get(record.name) !== id) {
      violations.push({ rule: 'no marker left', detail: `open/${id} of a job that was given up` })
    }
  }
  for (const { key, id } of claims) {
    if (!byId.has(id)) violations.push({ rule: 'no claim left', detail: `${key} names ${id}, which has no record` })
  }
  for (const id of jobs) {
    const record = byId.get(id)
    if (record === undefined) violations.push({ rule: 'no Job left', detail: `the Job of ${id}, which has no record` })
    if (record?.isGivenUp) violations.push({ rule: 'no Job left', detail: `the Job of ${id}, which was given up` })
  }
  for (const key of uploads) violations.push({ rule: 'no upload left', detail: key })
  if (processes.length > 0) {
    violations.push({ rule: 'no process left', detail: `the processes ${processes.join(', ')} of jobs` })
  }
  return violations
}
