import { putResults } from '../../support/put-results.ts'
import type { StubObject } from './api-server.ts'
import { type Opened, openJob, type Place } from './jobs.ts'

/** A job whose pod has ended well, with its results, and whose record does not say so yet. The Job is as it is now. */
export async function endedJob (place: Place): Promise<Opened> {
  const opened = await openJob(place)
  await putResults(place.store, opened, { 'drive.mcap': `the bytes of ${opened.id}`, 'summary.json': '{}' })
  return { ...opened, job: await complete(place, opened.job) }
}

async function complete ({ stub }: Place, job: StubObject): Promise<StubObject> {
  return (await stub.advance('complete', job.metadata.name)).job
}
