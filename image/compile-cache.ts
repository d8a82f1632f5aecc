/**
 * Writes what V8 has compiled of the functions into dist/compile-cache/: it runs each of them once, to its clean end. A
 * start that reads this needs a tenth less CPU time. V8 compares it with the source, its own version and the features
 * of the processor, and compiles anew where they differ. Node finds it by the version, the architecture, the user, and
 * the path relative to the folder. It is not the same after each run, because V8 drops what it has not used lately.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { globSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ENVIRONMENT } from './environment.ts'

/** The functions, and a request to each that needs as much of it as is possible without a store and a cluster. */
const REQUESTS: Record<string, [path: string, init?: RequestInit]> = {
  deploy: ['/job/deploy'],
  'job-completed': ['/', {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'ce-specversion': '1.0',
      'ce-id': '1',
      'ce-source': 'none',
      'ce-type': 'dev.knative.sources.ping'
    },
    body: '{}'
  }],
  'job-watch': ['/job/none/log'],
  'result-fetch': ['/job'],
  'result-upload': ['/job/none/attempt/none/upload', { method: 'POST' }]
}

/** The user of the image. Node keeps a cache for each user. */
const UID = 65532

const cache = resolve('dist/compile-cache')
rmSync(cache, { recursive: true, force: true })
mkdirSync(cache)
for (const [name, [path, init]] of Object.entries(REQUESTS)) await run(name, path, init)
const [made] = globSync('*', { cwd: cache })
renameSync(join(cache, made!), join(cache, made!.replace(/-\d+$/, `-${UID}`)))

async function run (name: string, path: string, init?: RequestInit): Promise<void> {
  const [port, closed] = [await freePort(), await freePort()]
  const child = spawn(process.execPath, [`dist/${name}.cjs`], {
    env: {
      ...ENVIRONMENT,
      NODE_COMPILE_CACHE: cache,
      PORT: String(port),
      LOG_LEVEL: 'silent',
      S3_ENDPOINT: `http://127.0.0.1:${closed}`,
      S3_ACCESS_KEY: 'none',
      S3_SECRET_KEY: 'none',
      JOB_TOKEN_KEY: 'x'.repeat(32),
      UPLOAD_URL: 'http://none',
      IMAGE: 'none',
      TEMPLATES_DIR: resolve('knative/templates'),
      KUBECONFIG: resolve('image/no-cluster.yaml')
    },
    stdio: ['ignore', 'ignore', 'inherit']
  })
  const exit = once(child, 'exit')
  while (child.exitCode === null && !await answers(`http://127.0.0.1:${port}${path}`, init)) await sleep(20)
  child.kill('SIGTERM')
  const [code] = await exit
  if (code !== 0) throw new Error(`${name} ended with ${code}`)
}

async function answers (url: string, init?: RequestInit): Promise<boolean> {
  return await fetch(url, init).then(async (response) => await response.text(), () => undefined) !== undefined
}

async function freePort (): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  return port
}
