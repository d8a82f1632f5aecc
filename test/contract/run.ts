/**
 * Checks the functions against their OpenAPI documents with schemathesis, which generates thousands of valid and
 * invalid requests. The document for callers is checked at the entry point, the others at their functions. Exits with 1
 * when a check fails. Needs Python 3 with pip.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join, resolve } from 'node:path'
import { startHost } from '../../knative/local/host.ts'
import { jobToken } from '../../shared/access/job-token.ts'
import { readRecord } from '../../shared/job/record-store.ts'
import { openStore } from '../../shared/store/open-store.ts'
import { callerOf } from '../support/host.ts'
import { jobTemplates } from '../support/job-templates.ts'
import { pythonWith } from '../support/python-with.ts'

const VERSION = '4.32.5'
const TOKEN_KEY = 'of the contract tests, and of nothing else'
const folder = import.meta.dirname

const schemathesis = join(pythonWith('schemathesis', [`schemathesis==${VERSION}`]), 'schemathesis')
const host = await startHost({
  port: 0,
  pingSeconds: 3600,
  env: {
    // The default template never starts, because the tests create many jobs and check only the API.
    '*': {
      TEMPLATES_DIR: jobTemplates(),
      DEFAULT_TEMPLATE: 'no-image',
      DEMO_WAIT_SECONDS: '0',
      STREAM_SECONDS: '2',
      JOB_TOKEN_KEY: TOKEN_KEY,
      LOG_LEVEL: 'fatal'
    }
  }
})
try {
  const { deploy, reaches } = callerOf(host)
  const ended = await deploy({ template: 'script', env: { SCRIPT: 'echo a > a.txt; echo b > b.txt; echo log' } })
  await reaches(ended, 'succeeded')
  const running = await deploy({ template: 'script', env: { SCRIPT: 'sleep 3000' } })
  await reaches(running, 'running')
  const { endpoint, accessKey, secretKey, region } = host.store
  const store = openStore({
    S3_ENDPOINT: endpoint,
    S3_ACCESS_KEY: accessKey,
    S3_SECRET_KEY: secretKey,
    S3_REGION: region,
    S3_BUCKET: 'gx4ki-jobs'
  })
  const attempt = (await readRecord(store, running))!.record.attempt!

  let failed = 0
  const chosen = process.env['DOCUMENT']
  for (
    const [name, job, ...more] of [
      ['callers', ended],
      ['deploy', ended],
      ['job-completed', ended],
      ['result-upload', running, '--header', `Authorization: Bearer ${jobToken(TOKEN_KEY, running)}`]
    ] as const
  ) {
    if (chosen !== undefined && name !== chosen) continue
    console.log(`\n# ${name}`)
    const { url } = host.services.get(name) ?? host
    const child = spawn(schemathesis, [
      '--config-file',
      resolve(folder, 'schemathesis.toml'),
      'run',
      `${url}/openapi.json`,
      '--url',
      url,
      '--max-examples',
      process.env['EXAMPLES'] ?? '50',
      '--seed',
      '1',
      ...more
    ], { stdio: 'inherit', cwd: folder, env: { ...process.env, CONTRACT_JOB: job, CONTRACT_ATTEMPT: attempt } })
    const [code] = await once(child, 'exit') as [number | null]
    if (code !== 0) failed++
  }
  process.exitCode = failed === 0 ? 0 : 1
} finally {
  await host.stop()
}
