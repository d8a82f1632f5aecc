const TIMES = new Set([
  'completionTime',
  'creationTimestamp',
  'deletionTimestamp',
  'finishedAt',
  'lastProbeTime',
  'lastTransitionTime',
  'startTime',
  'startedAt'
])

/**
 * A Job or a pod with dates for its times, as the types of client-node have it. Changes the object. The managed fields,
 * a third of its bytes, are left out: nothing here reads them.
 */
export function withTimes<T extends object> (object: T): T {
  const { metadata, status } = (object ?? {}) as Record<string, Record<string, unknown> | undefined>
  if (metadata !== undefined) {
    delete metadata['managedFields']
    replaceTimes(metadata, false)
  }
  replaceTimes(status, true)
  return object
}

/** The metadata have a time only at the top: below it, in the annotations, a name like that of a time is the user's. */
function replaceTimes (value: unknown, isDeep: boolean): void {
  if (typeof value !== 'object' || value === null) return
  for (const [name, field] of Object.entries(value)) {
    if (typeof field === 'string' && TIMES.has(name)) Object.assign(value, { [name]: new Date(field) })
    else if (isDeep) replaceTimes(field, true)
  }
}
