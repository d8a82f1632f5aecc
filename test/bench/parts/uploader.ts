import { randomUUID } from 'node:crypto'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { jobToken } from '../../../shared/access/job-token.ts'
import { createRecord } from '../../../shared/job/record-store.ts'
import { ENVIRONMENT } from '../../../image/environment.ts'
import { readManifest } from '../../../shared/results/manifest.ts'
import type { Store } from '../../../shared/store/open-store.ts'
import { newRecord } from '../../support/new-record.ts'
import type { Bench } from '../bench.ts'
import { COMPILE_CACHE } from './compile-cache.ts'
import { TOKEN_KEY } from './function.ts'
import { startProgram } from './program.ts'

/** Runs the uploader of a new job over a folder whose workload has ended. Returns how long it took, in ms. */
export async function runUploader (
  bench: Pick<Bench, 'dir' | 'after'>,
  store: Store,
  url: string,
  folder: string,
  files: number
): Promise<{ wall: number, cpu: number }> {
  const record = newRecord({ state: 'running' })
  const id = record.job_uuid
  await createRecord(store, record)
  const attempt = randomUUID()
  const own = mkdtempSync(join(bench.dir, 'pod-'))
  writeFileSync(join(own, 'token'), jobToken(TOKEN_KEY, id))
  const program = await startProgram(bench, ['node', 'dist/uploader.cjs'], {
    PATH: `${dirname(process.execPath)}:${process.env['PATH']}`,
    ...ENVIRONMENT,
    NODE_COMPILE_CACHE: COMPILE_CACHE,
    UPLOAD_URL: url,
    JOB_UUID: id,
    POD_UID: attempt,
    TOKEN_FILE: join(own, 'token'),
    RESULT_DIR: folder,
    START_FILE: join(own, 'started'),
    STOP_FILE: join(own, 'stopping'),
    GRACE_SECONDS: '600',
    WORKLOAD_SECONDS: '30'
  })
  while (!program.output().includes('watching')) await sleep(2)
  program.signal('SIGTERM')
  const { code, cpu } = await program.ended()
  const wall = performance.now() - program.began
  const manifest = await readManifest(store, id, attempt)
  if (code !== 0 || manifest?.files !== files || !manifest.complete) {
    throw new Error(`the uploader ended with ${code}:\n${program.output().slice(-1000)}`)
  }
  return { wall, cpu }
}
