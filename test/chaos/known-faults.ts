/** A fault that can be put back into the code, to see that it is found. */
export interface KnownFault {
  name: string
  /** What stands in a file once, and what the fault has instead. */
  changes: [file: string, good: string, bad: string][]
  /** One of the rules that must not hold then. */
  rule: string
}

export const knownFaults: readonly KnownFault[] = [
  {
    name: 'the uploader waits for ever for the answer on a broken connection',
    changes: [
      ['jobs/uploader/put-content.ts', "request.on('error', reject)", "request.on('error', () => {})"],
      ['jobs/uploader/put-content.ts', "request.on('close', () => answered ||", "request.on('never', () => answered ||"]
    ],
    rule: 'right end'
  },
  {
    name: 'the times of a mapped file are believed',
    changes: [
      ['jobs/uploader/seen-file.ts', '  return !one.isFixed\n', '  return !one.isStored && !one.refused\n'],
      ['jobs/uploader/hash-file.ts', 'await file.datasync()', 'await file.stat()']
    ],
    rule: 'results equal the folder'
  },
  {
    name: 'files that begin with a dot never come up',
    changes: [['jobs/uploader/scan-results.ts', 'if (!final && (entry', 'if (root && (entry']],
    rule: 'results equal the folder'
  },
  {
    name: 'nobody says what is left out',
    changes: [['jobs/uploader/say-done.ts', 'left_out: list.slice(0, MOST_NAMED),', 'left_out: [],']],
    rule: 'files named'
  },
  {
    name: 'each try of a callback has an id of its own',
    changes: [['functions/job-completed/callbacks/webhook.ts', '{callback.id}`', "{callback.id + '-' + callback.attempts.length}`"]],
    rule: 'one id per callback'
  },
  {
    name: 'an idempotency key is no lock',
    changes: [['functions/deploy/start/job-claim.ts', "{ ifNoneMatch: '*' }", "'unconditional'"]],
    rule: 'one id'
  },
  {
    name: 'a refused callback counts as delivered',
    changes: [['functions/job-completed/callbacks/outcome-of.ts', 'status < 300', 'status < 600']],
    rule: 'callbacks delivered'
  },
  {
    name: 'the marker of a job that has ended stays',
    changes: [['functions/job-completed/follow-up.ts', '  await removeObject(store, markerKey(id))\n', '  if (id === markerKey(id)) await removeObject(store, markerKey(id))\n']],
    rule: 'no marker left'
  },
  {
    name: 'the uploads of a job that has ended stay',
    changes: [
      ['functions/job-completed/follow-up.ts', '    isFinished(job) && abort', '    isFinished(job) && id === markerKey(id) && abort'],
      ['functions/job-completed/follow-up.ts', 'if (!isFinished(job)) await', 'if (!isFinished(job) && id === markerKey(id)) await']
    ],
    rule: 'no upload left'
  },
  {
    name: 'a record is written whatever it has become meanwhile',
    changes: [['shared/job/record-store.ts', '{\n      ifMatch: current.etag\n    }', "'unconditional'"]],
    rule: 'every write kept'
  }
]
