/** A fault that can be put back into the code, to see that it is found. */
export interface KnownFault {
  name: string
  file: string
  /** What stands in the file once, and what the fault has instead. */
  good: string
  bad: string
  /** One of the rules that must not hold then. */
  rule: string
}

export const knownFaults: readonly KnownFault[] = [
  {
    name: 'each try of a callback has an id of its own',
    file: 'functions/job-completed/callbacks/webhook.ts',
    good: '{callback.id}`',
    bad: "{callback.id + '-' + callback.attempts.length}`",
    rule: 'one id per callback'
  },
  {
    name: 'an idempotency key is no lock',
    file: 'functions/deploy/start/job-claim.ts',
    good: "{ ifNoneMatch: '*' }",
    bad: "'unconditional'",
    rule: 'one id'
  },
  {
    name: 'an archive that breaks off looks like a whole one',
    file: 'shared/results/archive-results.ts',
    good: '.catch((error: Error) => pack.destroy(error))',
    bad: '.catch(() => pack.finalize())',
    rule: 'early archive equals the folder'
  },
  {
    name: 'a refused callback counts as delivered',
    file: 'functions/job-completed/callbacks/outcome-of.ts',
    good: 'status < 300',
    bad: 'status < 600',
    rule: 'callbacks delivered'
  },
  {
    name: 'the marker of a job that has ended stays',
    file: 'functions/job-completed/follow-up.ts',
    good: '  await removeObject(deps.store, markerKey(id))\n',
    bad: '  if (id === markerKey(id)) await removeObject(deps.store, markerKey(id))\n',
    rule: 'no marker left'
  },
  {
    name: 'the uploads of a job that has ended stay',
    file: 'functions/job-completed/follow-up.ts',
    good: '  await abortUploads(store, id)\n',
    bad: '  if (id === markerKey(id)) await abortUploads(store, id)\n',
    rule: 'no upload left'
  },
  {
    name: 'a record is written whatever it has become meanwhile',
    file: 'shared/job/record-store.ts',
    good: '{\n      ifMatch: current.etag\n    }',
    bad: "'unconditional'",
    rule: 'every write kept'
  }
]
