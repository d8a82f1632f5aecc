import type { Tags } from '../../store/object-store.ts'
import { callbackState } from '../callbacks/callback.ts'
import type { JobRecord } from '../job-record.ts'

/** The record as object tags, at most ten. A listing of jobs needs nothing else. Absent fields have no tag. */
export function tagsOf (record: JobRecord): Tags {
  const {
    state,
    reason,
    template,
    owner,
    started_at: started,
    finished_at: finished,
    exit_code: exitCode,
    expires_at: expires
  } = record
  // The reason comes from Kubernetes and may contain characters that MinIO does not accept in a tag.
  const word = reason?.replace(/[^A-Za-z0-9 +\-=._:/@]/g, '_').slice(0, 256)
  const tags: Record<string, string | undefined> = {
    state,
    reason: word,
    template,
    owner,
    started,
    finished,
    exit_code: exitCode?.toString(),
    expires,
    callback: callbackState(record.callbacks)
  }
  return Object.fromEntries(Object.entries(tags).filter((tag): tag is [string, string] => tag[1] !== undefined))
}
