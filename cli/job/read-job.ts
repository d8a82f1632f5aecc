import { askJson } from '../api/ask.ts'
import type { Session } from '../session.ts'
import { JOB_MEMBERS, type Job } from './job.ts'

/** The job as it is now. */
export async function readJob (session: Session, id: string): Promise<Job> {
  return await askJson<Job>(session, { path: `/job/${id}` }, ...JOB_MEMBERS)
}
