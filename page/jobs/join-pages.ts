type Listed = { job_uuid: string }

/**
 * The newest page of the list, and the jobs after it that were loaded earlier. Ids sort newest first. `undefined` when
 * so many jobs are new that some between them may be unknown: then the earlier ones must be loaded again.
 */
export function joinPages<T extends Listed> (newest: T[], earlier: T[]): T[] | undefined {
  const last = newest.at(-1)?.job_uuid ?? ''
  const first = earlier[0]?.job_uuid
  if (first === undefined) return newest
  if (first > last) return undefined
  return [...newest, ...earlier.filter(({ job_uuid: id }) => id > last)]
}
