/**
 * Runs the command in its arguments with one local S3 store. S3_ENDPOINT, S3_ACCESS_KEY and S3_SECRET_KEY name the
 * store.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startStore } from '../../knative/local/store/store.ts'

const dir = mkdtempSync(join(tmpdir(), 'gx4ki-test-'))
console.log('Starting the local S3 store …')
const store = await startStore({ dir, log: console.log })
// The terminal sends Ctrl-C to the command, too. This process must survive Ctrl-C to stop the store.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => {})
const [command, ...args] = process.argv.slice(2)
const child = spawn(command!, args, {
  stdio: 'inherit',
  env: { ...process.env, S3_ENDPOINT: store.endpoint, S3_ACCESS_KEY: store.accessKey, S3_SECRET_KEY: store.secretKey }
})
try {
  const [code] = await once(child, 'exit')
  process.exitCode = code ?? 1
} finally {
  await store.stop()
  rmSync(dir, { recursive: true, force: true })
}
