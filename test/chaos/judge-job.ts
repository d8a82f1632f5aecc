import { isTerminal, type State, states as allStates } from '../../shared/job/job-state.ts'
import { allowedEnds, uploaderWasLost } from './allowed-ends.ts'
import { compareFiles } from './compare-files.ts'
import type { Observation, SeenJob } from './observation.ts'
import { type Expected, expectedOf } from './truth.ts'

/** What must hold for every job at the end. The words are those of the report. */
export const rules = [
  'accepted',
  'one id',
  'one Job',
  'ended',
  'one terminal state',
  'states go forward',
  'every write kept',
  'right end',
  'right exit code',
  'results equal the folder',
  'list in order',
  'archive equals the folder',
  'bytes equal the folder',
  'early archive equals the folder',
  'no success without a record',
  'reason named',
  'files named',
  'summary is true',
  'callbacks delivered',
  'one id per callback',
  'callbacks signed',
  'callbacks true',
  'no marker left',
  'no upload left',
  'no process left'
] as const
export type Rule = typeof rules[number]

export interface Violation {
  rule: Rule
  detail: string
}

/**
 * Whether `GET /job/{id}` must have `results`, and `left_out` must name the files of a job with `ResultsIncomplete`. If
 * false, the rules are applied only to answers that have these fields.
 */
export const RESULTS_ARE_SUMMARIZED = true

/** The rule of a good end. It returns what of it does not hold for a job. */
export function judgeJob (observation: Observation, mustSummarize = RESULTS_ARE_SUMMARIZED): Violation[] {
  const { plan, accepted, refused, job } = observation
  const violations: Violation[] = []
  const hold = (rule: Rule, detail: string | undefined | false): void => {
    if (detail !== undefined && detail !== false) violations.push({ rule, detail })
  }
  const ids = new Set(accepted)
  hold('accepted', refused.length > 0 && refused.join('; '))
  hold('accepted', ids.size === 0 && 'no answer 202, however often it was asked for')
  hold('one id', ids.size > 1 && `${plan.clients} clients with one idempotency key got ${ids.size} jobs`)
  if (ids.size === 0) return violations

  judgeStates(observation, hold)
  if (job !== undefined && isTerminal(job.state as State)) {
    judgeEnd(observation, job, hold)
    judgeResults(observation, job, hold, mustSummarize)
  }
  judgeCallbacks(observation, hold)
  hold('no marker left', observation.hasMarker && 'open/<id> is still there')
  hold('no upload left', observation.uploads.length > 0 && `multipart uploads of ${observation.uploads.join(', ')}`)
  hold('no process left', observation.processes > 0 && `${observation.processes} processes still run`)
  return violations
}

type Hold = (rule: Rule, detail: string | undefined | false) => void

function judgeStates ({ job, seen, written, jobsMade }: Observation, hold: Hold): void {
  hold('ended', job === undefined ? 'there is no such job' : !isTerminal(job.state as State) && `still ${job.state}`)
  const states = written.map(({ state }) => state)
  const lists = { seen, written: states.filter((state, at) => state !== states[at - 1]), history: historyOf(job) }
  for (const [whose, list] of Object.entries(lists)) {
    const ends = list.filter((state) => isTerminal(state as State))
    const order = list.map((state) => allStates.indexOf(state as State))
    const isForward = order.every((place, at) => at === 0 || place > order[at - 1]!)
    const isOver = ends.length > 0 && !isTerminal(list.at(-1) as State)
    hold('one terminal state', (new Set(ends).size > 1 || isOver) && `${whose}: ${list.join(' → ')}`)
    hold('states go forward', ends.length <= 1 && !isOver && !isForward && `${whose}: ${list.join(' → ')}`)
  }
  const twice = written.find(({ revision }, at) => revision === written[at - 1]?.revision)
  hold('every write kept', twice && `revision ${twice.revision} of the record was written twice`)
  const isNever = job !== undefined && (job.state === 'canceled' || job.reason === 'KubernetesUnavailable')
  hold('one Job', (jobsMade > 1 || (jobsMade === 0 && !isNever)) && `Kubernetes has made ${jobsMade} Jobs`)
}

function historyOf (job: SeenJob | undefined): string[] {
  return job?.history.map(({ state }) => state) ?? []
}

function judgeEnd (observation: Observation, job: SeenJob, hold: Hold): void {
  const { plan, hits, truth } = observation
  const allowed = allowedEnds(observation)
  const inWords = ({ state, reason }: { state: string, reason: string | null }): string =>
    reason === null ? state : `${state}/${reason}`
  hold(
    'right end',
    !allowed.some(({ state, reason }) => state === job.state && reason === job.reason) &&
      `${inWords(job)} instead of ${allowed.map(inWords).join(' or ')}`
  )
  hold('reason named', job.state !== 'succeeded' && !job.reason && `${job.state} without a reason`)
  hold('no success without a record', job.state === 'succeeded' && truth?.at === undefined && 'its workload has not ended')
  const isOwnEnd = plan.ends === 'itself' && ['succeeded', 'failed'].includes(job.state) &&
    job.reason !== 'KubernetesUnavailable' && !hits.some(({ what }) => what === 'kill workload')
  hold(
    'right exit code',
    isOwnEnd && job.exit_code !== plan.script.exit && `${job.exit_code} instead of ${plan.script.exit}`
  )
}

function judgeResults (
  observation: Observation,
  job: SeenJob,
  hold: Hold,
  mustSummarize: boolean
): void {
  const { truth, list = [], leftOut, archive, earlyArchive, read } = observation
  const names = list.map(({ name }) => Buffer.from(name))
  const disorder = names.findIndex((name, at) => at > 0 && Buffer.compare(names[at - 1]!, name) >= 0)
  hold('list in order', disorder > 0 && `${list[disorder]?.name} comes after ${list[disorder - 1]?.name}`)
  const isComplete = job.state === 'succeeded' || job.results?.complete === true
  const expected = truth && expectedOf(truth)
  if (isComplete && expected !== undefined) {
    hold('results equal the folder', compareFiles(list, expected.files))
    hold('archive equals the folder', typeof archive === 'string' ? archive : compareFiles(archive ?? [], expected.files))
    hold('early archive equals the folder', earlyArchive && compareFiles(earlyArchive, expected.files))
  } else {
    // Whatever is there must be what the list says of it.
    hold('archive equals the folder', typeof archive === 'string' ? archive : compareFiles(archive ?? [], list))
    hold('early archive equals the folder', earlyArchive && compareFiles(earlyArchive, list))
  }
  const listed = new Map(list.map((file) => [file.name, file]))
  for (const file of read) {
    const known = listed.get(file.name)
    hold('bytes equal the folder', 'problem' in file ? `${file.name}: ${file.problem}` : compareFiles([file], [known!]))
  }
  judgeNames(observation, job, expected, hold, mustSummarize)

  if (job.results === undefined) {
    hold('summary is true', mustSummarize && 'the job has no results')
    return
  }
  const { files, bytes, complete, left_out_count: count } = job.results ??
    { files: 0, bytes: 0, complete: false, left_out_count: undefined }
  const sum = list.reduce((total, { size }) => total + size, 0)
  hold(
    'summary is true',
    (files !== list.length || bytes !== sum) &&
      `${files} files with ${bytes} bytes, while the list has ${list.length} with ${sum}`
  )
  hold('summary is true', job.state === 'succeeded' && !complete && 'succeeded, but not complete')
  hold('summary is true', job.reason === 'ResultsIncomplete' && complete && 'ResultsIncomplete, but complete')
  hold('summary is true', !complete && mustBeComplete(observation, job) && 'incomplete, and nothing was in the way')
  hold(
    'summary is true',
    count !== undefined && leftOut !== undefined && count !== leftOut.length &&
      `${count} files left out, while the list names ${leftOut.length}`
  )
}

/** Whether the uploader had all the time that it needs, and every file can be a result. */
function mustBeComplete ({ plan, hits, truth }: Observation, { reason }: SeenJob): boolean {
  if (truth?.at === undefined || reason === 'KubernetesUnavailable') return false
  return !uploaderWasLost({ plan, hits, truth }) && expectedOf(truth).impossible.length === 0
}

/** Every file that is not among the results has to be named as left out. */
function judgeNames (
  { plan, hits, truth, list = [], leftOut }: Observation,
  job: SeenJob,
  expected: Expected | undefined,
  hold: Hold,
  mustSummarize: boolean
): void {
  const isIncomplete = job.reason === 'ResultsIncomplete'
  const lost = uploaderWasLost({ plan, hits, truth: truth! })
  if (isIncomplete && leftOut === undefined) {
    hold('files named', !lost && 'ResultsIncomplete, and nothing tells of which files')
  }
  if (leftOut === undefined) {
    hold('files named', mustSummarize && !isIncomplete && 'the list has no left_out')
    return
  }
  hold('files named', isIncomplete && !lost && leftOut.length === 0 && 'ResultsIncomplete, and left_out is empty')
  if (expected === undefined || lost || !(isIncomplete || job.state === 'succeeded' || job.results?.complete)) return
  const there = new Map(list.map((file) => [file.name, file.sha256]))
  const unsent = expected.files.filter(({ name, sha256 }) => there.get(name) !== sha256).map(({ name }) => name)
  const named = new Set(leftOut.map(({ name }) => plain(name)))
  const unnamed = [...expected.impossible, ...expected.leftOut, ...isIncomplete ? unsent : []].filter((name) =>
    !named.has(plain(name))
  )
  hold('files named', unnamed.length > 0 && `not named as left out: ${unnamed.map((name) => JSON.stringify(name)).join(', ')}`)
}

/** However a name is shown that cannot be printed, or is long. */
const plain = (name: string): string => name.replace(/(\\x[0-9a-f]{2}|[^\w./ -])+/g, '?').slice(0, 100)

/**
 * A state that was passed over, because nobody saw it in time, is in the history without a callback. The last one never
 * is.
 */
function judgeCallbacks ({ plan: { callback = [] }, job, owed, deliveries }: Observation, hold: Hold): void {
  const wanted = callback.filter((state) => owed.includes(state) || state === job?.state)
  for (const state of wanted) {
    const about = deliveries.filter((delivery) => delivery.state === state)
    hold('callbacks delivered', !about.some(({ taken }) => taken) && `${state}: ${about.length} tries, none was taken`)
    hold('one id per callback', new Set(about.map(({ id }) => id)).size > 1 && `${state} came with several ids`)
  }
  const wrong = new Set(deliveries.map(({ state }) => state).filter((state) => !wanted.includes(state)))
  hold('callbacks true', wrong.size > 0 && `told of ${[...wrong].join(', ')}`)
  hold('callbacks signed', deliveries.some(({ signed }) => !signed) && 'a signature does not hold')
  const expected = wanted.length > 0 ? 'delivered' : null
  hold(
    'callbacks delivered',
    job?.callback !== undefined && job.callback !== expected && `the job says ${job.callback} instead of ${expected}`
  )
}
