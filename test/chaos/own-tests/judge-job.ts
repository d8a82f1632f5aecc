import t from 'tap'
import { judgeJob, type Rule, rules } from '../judge-job.ts'
import type { Observation } from '../observation.ts'
import { file, observedJob, other } from '../observed-job.ts'

type Good = ReturnType<typeof observedJob>
const found = new Set<Rule>()

/** The rules that a job breaks after a change. */
function broken (change: (good: Good) => unknown, mustSummarize?: boolean): Rule[] {
  const observation = observedJob()
  change(observation)
  const violations = judgeJob(observation, mustSummarize)
  for (const { rule } of violations) found.add(rule)
  return [...new Set(violations.map(({ rule }) => rule))]
}

const written = (...states: string[]) => states.map((state, at) => ({ revision: at + 1, state }))

/** The same job, failed for a reason. */
function fail (one: Good, reason: string | null, changes: Partial<Good['job']> = {}): void {
  Object.assign(one.job, { state: 'failed', reason, history: [{ state: 'running' }, { state: 'failed' }] }, changes)
  Object.assign(one, {
    seen: ['failed'],
    written: written('running', 'failed'),
    owed: ['failed'],
    deliveries: [{ id: 'id-0', state: 'failed', signed: true, taken: true }]
  })
}

const cases: [string, Rule[], (one: Good) => unknown][] = [
  ['a good end', [], () => {}],
  ['never accepted', ['accepted'], (one) => Object.assign(one, { accepted: [] })],
  ['refused once', ['accepted'], (one) => one.refused.push('400 no')],
  ['two ids', ['one id'], (one) => one.accepted.push('another')],
  ['two Jobs', ['one Job'], (one) => Object.assign(one, { jobsMade: 2 })],
  ['no Job', ['one Job'], (one) => Object.assign(one, { jobsMade: 0 })],
  ['no such job', ['ended', 'callbacks delivered'], (one) => {
    delete (one as Observation).job
    one.deliveries.pop()
  }],
  ['still running', ['ended', 'callbacks true'], (one) => {
    Object.assign(one.job, { state: 'running', callback: null, history: [{ state: 'running' }] })
    one.owed = []
  }],
  ['another end was seen before', ['one terminal state'], (one) => Object.assign(one, { seen: ['failed', 'succeeded'] })],
  ['another end was written before', ['one terminal state'], (one) =>
    Object.assign(one, { written: written('running', 'succeeded', 'failed') })],
  ['it goes on after its end', ['one terminal state'], (one) => one.job.history.push({ state: 'running' })],
  ['it goes back', ['states go forward'], (one) => Object.assign(one, { seen: ['running', 'pending', 'succeeded'] })],
  ['a write is lost', ['every write kept'], (one) => one.written.splice(2, 0, { revision: 2, state: 'pending' })],
  ['it fails for nothing', ['right end'], (one) => {
    fail(one, 'BackoffLimitExceeded', { exit_code: 0 })
  }],
  ['it fails without a reason', ['right end', 'reason named'], (one) => fail(one, null)],
  ['it fails as planned', [], (one) => {
    one.plan.script.exit = 3
    fail(one, 'BackoffLimitExceeded', { exit_code: 3 })
  }],
  ['another exit code', ['right exit code'], (one) => {
    one.plan.script.exit = 3
    fail(one, 'BackoffLimitExceeded', { exit_code: 4 })
  }],
  ['it succeeds although its workload was killed', ['right end', 'no success without a record'], (one) => {
    one.hits.push({ what: 'kill workload', at: 0 })
    delete one.truth!.at
  }],
  ['it fails because its workload was killed', [], (one) => {
    one.hits.push({ what: 'kill workload', at: 0 })
    fail(one, 'BackoffLimitExceeded', { exit_code: 137 })
  }],
  ['it is overdue as planned', [], (one) => {
    one.plan.ends = 'deadline'
    fail(one, 'DeadlineExceeded')
  }],
  ['it is canceled, and nobody has asked for it', ['right end'], (one) => {
    fail(one, 'CancelRequested', { state: 'canceled', history: [{ state: 'canceled' }] })
    Object.assign(one, { seen: [], written: written('canceled'), owed: [], deliveries: [] })
    one.job.callback = null
    one.plan.callback = ['succeeded']
  }],
  ['a file is missing', [
    'results equal the folder',
    'archive equals the folder',
    'early archive equals the folder'
  ], (one) => one.truth!.entries.push({ is: 'file', ...other })],
  ['the list has other content', [
    'results equal the folder',
    'bytes equal the folder'
  ], (one) => Object.assign(one, { list: [{ ...file, sha256: 'stale' }] })],
  ['the list is not in order', ['list in order'], (one) => {
    one.truth!.entries.push({ is: 'file', ...other })
    const files = [other, file]
    Object.assign(one, { list: files, archive: files, earlyArchive: files })
    Object.assign(one.job.results!, { files: 2, bytes: 5 })
  }],
  ['a job that failed by itself is said to be incomplete', ['summary is true'], (one) => {
    one.plan.script.exit = 3
    fail(one, 'BackoffLimitExceeded', { exit_code: 3, results: { files: 1, bytes: 2, complete: false } })
  }],
  ['the archive breaks off', ['archive equals the folder'], (one) => Object.assign(one, { archive: 'socket hang up' })],
  ['half an archive came as a whole one', ['early archive equals the folder'], (one) =>
    Object.assign(one, { earlyArchive: [] })],
  ['a file cannot be read', ['bytes equal the folder'], (one) => one.read.push({ name: 'a.txt', problem: '404' })],
  ['a name that cannot be a result', ['right end', 'files named'], (one) =>
    one.truth!.entries.push({ name: 'line%0Abreak', is: 'file', size: 1, sha256: 'cc' })],
  ['it fails because of the name, which is told', [], (one) => {
    one.truth!.entries.push({ name: 'no-utf-8-%FF%FE.txt', is: 'file', size: 1, sha256: 'cc' })
    fail(one, 'ResultsIncomplete', { results: { files: 1, bytes: 2, complete: false, left_out_count: 1 } })
    one.leftOut!.push({ name: 'no-utf-8-\ufffd\ufffd.txt', reason: 'its name is not UTF-8' })
  }],
  ['it fails because of the name, and another one is told', ['files named'], (one) => {
    one.truth!.entries.push({ name: 'line%0Abreak', is: 'file', size: 1, sha256: 'cc' })
    fail(one, 'ResultsIncomplete', { results: { files: 1, bytes: 2, complete: false, left_out_count: 1 } })
    one.leftOut!.push({ name: 'else', reason: 'x' })
  }],
  ['nothing tells of the files', ['files named', 'summary is true'], (one) => {
    one.truth!.entries.push({ name: 'line%0Abreak', is: 'file', size: 1, sha256: 'cc' })
    fail(one, 'ResultsIncomplete')
    delete one.job.results
    delete (one as Observation).leftOut
  }],
  ['an uploader that was killed at the end cannot tell', [], (one) => {
    one.hits.push({ what: 'kill uploader', at: 9900 })
    fail(one, 'ResultsIncomplete', { results: { files: 1, bytes: 2, complete: false } })
  }],
  ['one that was killed long before can', ['right end', 'files named', 'summary is true'], (one) => {
    one.hits.push({ what: 'kill uploader', at: 100 })
    fail(one, 'ResultsIncomplete', { results: { files: 1, bytes: 2, complete: false } })
  }],
  ['one that was killed after a cancel cannot, although the workload ran on for a while', [], (one) => {
    one.hits.push({ what: 'cancel', at: 4000 }, { what: 'kill uploader', at: 4100 })
    fail(one, 'CancelRequested', { state: 'canceled', history: [{ state: 'canceled' }] })
    Object.assign(one, { seen: [], written: written('canceled'), owed: [], deliveries: [] })
    Object.assign(one.job, { callback: null, results: { files: 1, bytes: 2, complete: false } })
    one.plan.callback = ['succeeded']
  }],
  ['one that was killed long before a cancel can', ['summary is true'], (one) => {
    one.hits.push({ what: 'kill uploader', at: 100 }, { what: 'cancel', at: 4000 })
    fail(one, 'CancelRequested', { state: 'canceled', history: [{ state: 'canceled' }] })
    Object.assign(one, { seen: [], written: written('canceled'), owed: [], deliveries: [] })
    Object.assign(one.job, { callback: null, results: { files: 1, bytes: 2, complete: false } })
    one.plan.callback = ['succeeded']
  }],
  ['a link to outside is not told', ['files named'], (one) =>
    one.truth!.entries.push({ name: 'outside', is: 'link to outside' })],
  ['a link to outside is told', [], (one) => {
    one.truth!.entries.push({ name: 'outside', is: 'link to outside' })
    one.leftOut!.push({ name: 'outside', reason: 'it leads out of the results' })
    one.job.results!.left_out_count = 1
  }],
  ['the summary counts other files', ['summary is true'], (one) => Object.assign(one.job.results!, { files: 2 })],
  ['the summary says that a success is incomplete', ['summary is true'], (one) =>
    Object.assign(one.job.results!, { complete: false })],
  ['there is no summary of a success', ['summary is true'], (one) => Object.assign(one.job, { results: null })],
  ['the summary counts others as left out', ['summary is true'], (one) =>
    Object.assign(one.job.results!, { left_out_count: 3 })],
  ['no try of a callback was taken', ['callbacks delivered'], (one) => one.deliveries.pop()],
  ['a callback is still owed', ['callbacks delivered'], (one) => Object.assign(one.job, { callback: 'owed' })],
  ['a callback was never owed', ['callbacks delivered'], (one) => {
    Object.assign(one, { owed: [], deliveries: [] })
    one.job.callback = null
  }],
  ['a callback with a new id', ['one id per callback'], (one) => Object.assign(one.deliveries[0]!, { id: 'id-1' })],
  ['a callback without a signature', ['callbacks signed'], (one) => Object.assign(one.deliveries[0]!, { signed: false })],
  ['a callback of what never was', ['callbacks true'], (one) =>
    one.deliveries.push({ id: 'id-2', state: 'failed', signed: true, taken: true })],
  ['a state that was passed over needs no callback', [], (one) => one.plan.callback!.push('running')],
  ['a marker', ['no marker left'], (one) => Object.assign(one, { hasMarker: true })],
  ['an upload', ['no upload left'], (one) => one.uploads.push('key')],
  ['a process', ['no process left'], (one) => Object.assign(one, { processes: 1 })]
]

for (const [what, expected, change] of cases) t.strictSame(broken(change), expected, what)

t.strictSame(
  broken((one) => {
    delete one.job.results
    delete (one as Observation).leftOut
  }, true),
  ['files named', 'summary is true'],
  'a job must be summarized, where that is asked for'
)
t.strictSame(rules.filter((rule) => !found.has(rule)), [], 'every rule was broken once')
