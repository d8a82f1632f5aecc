import type { Bench } from '../bench.ts'
import { askFirst } from '../parts/ask.ts'
import { bigFile } from '../parts/big-file.ts'
import { newBucket } from '../parts/bucket.ts'
import { download } from '../parts/curl.ts'
import { startFunction } from '../parts/function.ts'
import { storedFile } from '../parts/stored-file.ts'
import { about, type Checked } from './checked.ts'

const ROOM = 1.25

/** The most memory that result-fetch holds while it sends a file of 256 MiB four times at once. */
export async function streaming (bench: Bench): Promise<Checked[]> {
  const bucket = await newBucket(bench)
  const file = bigFile(bench, 'streamed.bin', 256)
  const { id } = await storedFile(bench, bucket, file, 'streamed.bin')
  const { url, kill } = await startFunction(bench, 'result-fetch', { settings: bucket.settings })
  await askFirst(`${url}/job/${id}`, 200)
  const path = `/job/${id}/result?file=streamed.bin`
  await Promise.all(Array.from({ length: 4 }, async () => await download(bench, url + path, file.size)))
  return [about('result-fetch: peak memory while it sends 4 × 256 MiB, MB', (await kill()).peak / 1e6, ROOM)]
}
