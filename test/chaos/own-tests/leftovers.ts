import t from 'tap'
import { judgeLeftovers, type Leftovers } from '../leftovers.ts'

function broken (change: (good: Leftovers) => unknown): string[] {
  const leftovers: Leftovers = {
    records: [
      { id: 'id-1', name: 'job-0001', isGivenUp: false, isTerminal: true },
      { id: 'id-0', name: 'job-0001', isGivenUp: true, isTerminal: true }
    ],
    accepted: new Map([['job-0001', 'id-1']]),
    markers: [{ id: 'id-2', ageMs: 1000 }],
    claims: [{ key: 'idempotency/1.json', id: 'id-1' }],
    jobs: ['id-1'],
    uploads: [],
    processes: []
  }
  change(leftovers)
  return judgeLeftovers(leftovers).map(({ rule }) => rule)
}

t.strictSame(broken(() => {}), [], 'what a job that was given up leaves, and the marker of a new request')
t.strictSame(broken(({ records }) => Object.assign(records[1]!, { isGivenUp: false })), ['one job'])
t.strictSame(broken(({ records }) => Object.assign(records[1]!, { isTerminal: false })), ['ended'])
t.strictSame(broken(({ markers }) => Object.assign(markers[0]!, { ageMs: 301_000 })), ['no marker left'])
t.strictSame(broken(({ markers }) => Object.assign(markers[0]!, { id: 'id-0' })), ['no marker left'])
t.strictSame(broken(({ claims }) => claims.push({ key: 'idempotency/2.json', id: 'id-9' })), ['no claim left'])
t.strictSame(broken(({ jobs }) => jobs.push('id-9')), ['no Job left'])
t.strictSame(broken(({ jobs }) => jobs.push('id-0')), ['no Job left'])
t.strictSame(broken(({ uploads }) => uploads.push('results/id-1/x')), ['no upload left'])
t.strictSame(broken(({ processes }) => processes.push(1)), ['no process left'])
