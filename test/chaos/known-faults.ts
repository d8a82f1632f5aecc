/** A fault that can be put back into the code, to see that it is found. */
export interface KnownFault {
  name: string
  file: string
  /** What stands in the file once, and what the fault has instead. */
  changes: [good: string, bad: string][]
  /** One of the rules that must not hold then. */
  rule: string
}

export const knownFaults: readonly KnownFault[] = [
  {
    name: 'the uploader waits for ever for the answer on a broken connection',
    file: 'jobs/uploader/put-content.ts',
    changes: [
      ["request.on('error', reject)", "request.on('error', () => {})"],
      ["request.on('close', () => answered ||", "request.on('never', () => answered ||"]
    ],
    rule: 'right end'
  },
  {
    name: 'the times of a mapped file are believed',
    file: 'jobs/uploader/seen-file.ts',
    changes: [['  return !one.isFixed\n', '  return !one.isStored && !one.refused\n']],
    rule: 'results equal the folder'
  },
  {
    name: 'files that begin with a dot never come up',
    file: 'jobs/uploader/scan-results.ts',
    changes: [['if (!final && (entry', 'if (root && (entry']],
    rule: 'results equal the folder'
  },
  {
    name: 'nobody says what is left out',
    file: 'jobs/uploader/say-done.ts',
    changes: [['left_out: list.slice(0, MOST_NAMED),', 'left_out: [],']],
    rule: 'files named'
  },
  {
    name: 'each try of a callback has an id of its own',
    file: 'functions/job-completed/callbacks/webhook.ts',
    changes: [['{callback.id}`', "{callback.id + '-' + callback.attempts.length}`"]],
    rule: 'one id per callback'
  },
  {
    name: 'an idempotency key is no lock',
    file: 'functions/deploy/start/job-claim.ts',
    changes: [["{ ifNoneMatch: '*' }", "'unconditional'"]],
    rule: 'one id'
  },
  {
    name: 'an archive that breaks off looks like a whole one',
    file: 'shared/results/archive-results.ts',
    changes: [['.catch((error: Error) => pack.destroy(error))', '.catch(() => pack.finalize())']],
    rule: 'early archive equals the folder'
  },
  {
    name: 'a refused callback counts as delivered',
    file: 'functions/job-completed/callbacks/outcome-of.ts',
    changes: [['status < 300', 'status < 600']],
    rule: 'callbacks delivered'
  },
  {
    name: 'the marker of a job that has ended stays',
    file: 'functions/job-completed/follow-up.ts',
    changes: [['  await removeObject(deps.store, markerKey(id))\n', '  if (id === markerKey(id)) await removeObject(deps.store, markerKey(id))\n']],
    rule: 'no marker left'
  },
  {
    name: 'the uploads of a job that has ended stay',
    file: 'functions/job-completed/follow-up.ts',
    changes: [['  await abortUploads(store, id)\n', '  if (id === markerKey(id)) await abortUploads(store, id)\n']],
    rule: 'no upload left'
  },
  {
    name: 'a record is written whatever it has become meanwhile',
    file: 'shared/job/record-store.ts',
    changes: [['{\n      ifMatch: current.etag\n    }', "'unconditional'"]],
    rule: 'every write kept'
  }
]
