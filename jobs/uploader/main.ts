import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { askService } from './ask-service.ts'
import { reportProgress } from './report-progress.ts'
import { showsMappedWrites } from './shows-mapped-writes.ts'
import { watchEnd } from './the-end.ts'
import { uploadResults } from './upload-results.ts'

/**
 * The native sidecar of a job's pod. It runs beside the workload, gets SIGTERM when that has ended, and may then still
 * run as long as the pod's grace period. Starting anew at any time is fine: what is stored already is not sent again.
 */
async function main (): Promise<boolean> {
  const end = watchEnd({
    stopFile: setting('STOP_FILE'),
    grace: seconds('GRACE_SECONDS'),
    workload: seconds('WORKLOAD_SECONDS')
  })
  await writeFile(setting('START_FILE'), '')

  const token = (await readFile(setting('TOKEN_FILE'), 'utf8')).trim()
  const url = `${setting('UPLOAD_URL').replace(/\/+$/, '')}/job/${setting('JOB_UUID')}/attempt/${setting('POD_UID')}`
  const folder = setting('RESULT_DIR')
  const ask = askService({ url, token, over: end.over, log })
  log(`watching ${folder}`)
  reportProgress({ folder, pauseMs: seconds('PROGRESS_SECONDS', '10') * 1000, ask, end }).catch(() => {})
  return await uploadResults({
    folder,
    settleMs: seconds('SETTLE_SECONDS', '3') * 1000,
    syncable: await showsMappedWrites(folder),
    ask,
    end,
    log
  })
}

/** Of the postStart hook, which holds up the other containers until the uploader listens to SIGTERM. */
async function awaitStart (): Promise<boolean> {
  while (!existsSync(setting('START_FILE'))) await sleep(20)
  return true
}

/** Of the preStop hook, which Kubernetes runs when the pod begins to end, before the workload has ended. */
async function noteStop (): Promise<boolean> {
  await writeFile(setting('STOP_FILE'), '')
  return true
}

function setting (name: string): string {
  const value = process.env[name]
  if (!value) throw new Error(`${name} is not set`)
  return value
}

function seconds (name: string, otherwise?: string): number {
  const value = Number(process.env[name] || otherwise)
  if (!(value > 0)) throw new Error(`${name} must be a number of seconds above 0`)
  return value
}

function log (line: string): void {
  console.log(`uploader: ${line}`)
}

// Until all is known to be stored: a process that ends for any other reason, or with nothing left to do, has failed.
process.exitCode = 1
const runs = { 'await-start': awaitStart, stopping: noteStop }[process.argv[2] ?? ''] ?? main
runs().then((complete) => {
  process.exitCode = complete ? 0 : 1
}, (error: Error) => {
  log(error.message)
}).finally(() => process.exit())
