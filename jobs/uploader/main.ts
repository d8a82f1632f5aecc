import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { askService } from './ask-service.ts'
import { uploadResults } from './upload-results.ts'

/**
 * The native sidecar of a job's pod: runs beside the workload, gets SIGTERM when it has ended, and may then still run
 * as long as the pod's grace period. Starting anew at any time is fine: what is up already is not sent again.
 */
async function main (): Promise<boolean> {
  const ended = new AbortController()
  process.on('SIGTERM', () => ended.abort())
  await writeFile(setting('START_FILE'), '')

  const token = (await readFile(setting('TOKEN_FILE'), 'utf8')).trim()
  const url = `${setting('UPLOAD_URL').replace(/\/+$/, '')}/job/${setting('JOB_UUID')}/attempt/${setting('POD_UID')}`
  const settleMs = Number(process.env['SETTLE_SECONDS'] || 3) * 1000
  if (!(settleMs > 0)) throw new Error('SETTLE_SECONDS must be a number above 0')
  const folder = setting('RESULT_DIR')
  log(`watching ${folder}`)
  return await uploadResults({ folder, settleMs, ask: askService({ url, token, log }), ended: ended.signal, log })
}

/** Of the hook that holds up the other containers until SIGTERM is listened to. */
async function awaitStart (): Promise<boolean> {
  while (!existsSync(setting('START_FILE'))) await sleep(20)
  return true
}

function setting (name: string): string {
  const value = process.env[name]
  if (!value) throw new Error(`${name} is not set`)
  return value
}

function log (line: string): void {
  console.log(`uploader: ${line}`)
}

const asked = process.argv[2] === 'await-start' ? awaitStart() : main()
asked.then((complete) => {
  process.exitCode = complete ? 0 : 1
}, (error: Error) => {
  log(error.message)
  process.exitCode = 1
})
