import { randomBytes } from 'node:crypto'
import { createWriteStream, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type Host, startHost } from '../../knative/local/host.ts'
import { openStore, type Store } from '../../shared/store/open-store.ts'
import { clusterOf } from '../support/cluster-of.ts'
import { processesWith } from '../support/processes-with.ts'
import { type ChaosProxy, startChaosProxy } from './chaos-proxy.ts'
import { writeChaosTemplates } from './chaos-templates.ts'
import { fateOf, faultRates } from './fault-stream.ts'
import { loseEventsOf } from './lose-events.ts'
import { type MadeJobs, madeJobs } from './made-jobs.ts'
import { kubernetesRequestKind, storeRequestKind, uploadRequestKind } from './request-kind.ts'
import { startWebhookReceiver, type WebhookReceiver } from './webhook-receiver.ts'
import { type WrittenStates, writtenStates } from './written-states.ts'

export interface ChaosHost {
  url: string
  seed: string
  services: Host['services']
  loseEvents: ReturnType<typeof loseEventsOf>
  ping: Host['ping']
  proxies: Record<'store' | 'kubernetes' | 'uploads', ChaosProxy>
  webhook: WebhookReceiver
  written: WrittenStates
  made: MadeJobs
  /** The store and the API server, past the proxies. */
  store: Store
  cluster: ReturnType<typeof clusterOf>
  /** Where the workloads record their results. */
  truth: string
  /** The folder of the pods. It is in the environment of every process of a job. */
  pods: string
  /** The log of all parts and of the proxies. It stays after a failure. */
  logFile: string
  log: (line: string) => void
  stop: (options: { keepLog: boolean }) => Promise<void>
}

/** More often than on a cluster: each ping is one more writer of the records. */
const PING_SECONDS = 3

/**
 * The local host, in which everything reaches the store, the API server and result-upload through proxies that cause
 * faults.
 */
export async function startChaosHost (seed: string): Promise<ChaosHost> {
  const dir = mkdtempSync(join(tmpdir(), 'gx4ki-chaos-'))
  const logFile = join(dir, 'log')
  const output = createWriteStream(logFile)
  const log = (line: string): void => {
    output.write(`${new Date().toISOString()} ${line}\n`)
  }
  const [written, made] = [writtenStates(), madeJobs()]
  const proxyOptions = (name: string) => {
    const rates = faultRates(seed, name)
    return {
      fateOf: (kind: string, number: number) => fateOf(seed, name, kind, number, rates),
      log: (line: string) => log(`${name}: ${line}`)
    }
  }
  const proxies = {
    store: await startChaosProxy({ kindOf: storeRequestKind, ...proxyOptions('store'), ...written }),
    kubernetes: await startChaosProxy({ kindOf: kubernetesRequestKind, ...proxyOptions('kubernetes'), ...made }),
    uploads: await startChaosProxy({ kindOf: uploadRequestKind, ...proxyOptions('uploads') })
  }
  const webhook = await startWebhookReceiver(seed)
  const truth = join(dir, 'truth')
  mkdirSync(truth)
  const secrets = join(dir, 'secrets')
  mkdirSync(secrets)
  writeFileSync(join(secrets, 'chaos'), webhook.secret)
  const kubeconfig = join(dir, 'kubeconfig')
  writeFileSync(kubeconfig, kubeconfigOf(proxies.kubernetes.url))
  const bucket = `chaos-${randomBytes(6).toString('hex')}`

  const stopOwn = async ({ keepLog }: { keepLog: boolean }): Promise<void> => {
    webhook.stop()
    await Promise.all(Object.values(proxies).map((proxy) => proxy.stop()))
    await new Promise((resolve) => output.end(resolve))
    if (keepLog) rmSync(truth, { recursive: true, force: true })
    else rmSync(dir, { recursive: true, force: true })
  }
  const host = await startHost({
    port: 0,
    pingSeconds: PING_SECONDS,
    log,
    env: {
      '*': {
        S3_BUCKET: bucket,
        S3_ENDPOINT: proxies.store.url,
        KUBECONFIG: kubeconfig,
        TEMPLATES_DIR: writeChaosTemplates(join(dir, 'templates')),
        DEFAULT_TEMPLATE: 'chaos',
        WEBHOOK_SECRETS_DIR: secrets,
        WEBHOOK_DEFAULT_SECRET: 'chaos',
        EGRESS_ALLOWED_ORIGINS: webhook.url
      },
      deploy: { UPLOAD_URL: proxies.uploads.url },
      'result-upload': { NODE_OPTIONS: `--require=${join(import.meta.dirname, 'small-parts.cjs')}` }
    }
  }).catch(async (error) => {
    await stopOwn({ keepLog: false })
    throw error
  })
  const { endpoint, accessKey, secretKey, region } = host.store
  const cluster = clusterOf(host)
  proxies.store.target = { url: endpoint }
  proxies.kubernetes.target = {
    url: cluster.config.getCurrentCluster()!.server,
    token: cluster.config.getCurrentUser()!.token!
  }
  proxies.uploads.target = { url: host.services.get('result-upload')!.url }

  const pods = `${join(dirname(host.kubeconfig), 'pods')}/`
  // The local host itself ends its functions and its store then, but not the jobs.
  const endJobs = (): void => {
    for (const pid of processesWith(pods)) process.kill(pid, 'SIGKILL')
  }
  process.on('exit', endJobs)

  const { url, services, source, ping } = host
  return {
    url,
    seed,
    services,
    loseEvents: loseEventsOf(source),
    ping,
    proxies,
    webhook,
    written,
    made,
    store: openStore({
      S3_ENDPOINT: endpoint,
      S3_ACCESS_KEY: accessKey,
      S3_SECRET_KEY: secretKey,
      S3_REGION: region,
      S3_BUCKET: bucket
    }),
    cluster,
    truth,
    pods,
    logFile,
    log: (line) => log(`chaos: ${line}`),
    async stop (options) {
      await host.stop()
      process.off('exit', endJobs)
      await stopOwn(options)
    }
  }
}

function kubeconfigOf (server: string): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'proxy', cluster: { server, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'proxy', user: { token: 'the proxy shows its own' } }],
    contexts: [{ name: 'proxy', context: { cluster: 'proxy', user: 'proxy', namespace: 'gx4ki-jobs' } }],
    'current-context': 'proxy'
  })
}
