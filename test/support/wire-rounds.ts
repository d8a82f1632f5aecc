import { createServer, type IncomingHttpHeaders, type IncomingMessage, request, type ServerResponse } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Test } from 'tap'
import { openStore, type Store, type StoreSettings } from '../../shared/store/open-store.ts'
import { clusterAt } from './cluster-at.ts'
import { clusterOf } from './cluster-of.ts'
import { listen } from './listen.ts'
import { testKubernetes } from './local-kubernetes.ts'
import { testStore } from './store.ts'

/**
 * When no request has arrived for so many turns of the event loop, all are here that wait for no answer. The function
 * has the same event loop, so this holds on a busy machine too.
 */
const QUIET_TURNS = 100

/**
 * A store and a Kubernetes behind proxies that count requests, and see which of them wait for which: requests are held
 * until no other one comes, and then they go on together. So the number of rounds is the length of the chain.
 */
export async function wireRounds (t: Test) {
  const real = await testStore(t)
  const kubernetes = await testKubernetes(t)
  let rounds: string[][] = []
  let held: { what: string, goOn: () => void }[] = []

  async function hold (what: string, goOn: () => void): Promise<void> {
    const round = held
    const place = round.push({ what, goOn })
    await quiet()
    // A later request of this round releases all of them.
    if (round.length > place) return
    held = []
    rounds.push(round.map((one) => one.what).sort())
    for (const one of round) one.goOn()
  }

  async function proxyTo (target: string, nameOf: (path: string) => string): Promise<string> {
    const server = createServer((asked, answer) => {
      buffer(asked).then(async (body) => {
        await hold(`${asked.method} ${nameOf(asked.url!)}`, () => pass(target, asked, body, answer))
      }).catch(() => answer.destroy())
    })
    // On a busy machine a connection may wait longer than node lets it.
    server.keepAliveTimeout = 300_000
    return await listen(t, server)
  }

  const settings: StoreSettings = {
    ...real.settings,
    S3_ENDPOINT: await proxyTo(real.settings.S3_ENDPOINT, (path) => storeName(path, real.bucket))
  }
  const url = await proxyTo(kubernetes.url, kubernetesName)
  return {
    real,
    store: openStore(settings) as Store,
    cluster: clusterAt(t, url, kubernetes.config.getCurrentUser()!.token),
    realCluster: clusterOf(kubernetes),
    /** Does something and returns its requests: those of one round do not wait for each other. */
    async during (work: () => Promise<unknown>): Promise<string[][]> {
      rounds = []
      const answer = await work()
      if (answer instanceof Response && answer.status >= 500) throw new Error(await answer.text())
      // Work after an answer may still go on.
      for (let seen = -1; held.length > 0 || rounds.length !== seen; await quiet()) seen = rounds.length
      return rounds
    }
  }
}

async function quiet (): Promise<void> {
  for (let turn = 0; turn < QUIET_TURNS; turn++) await sleep(1)
}

function pass (
  target: string,
  { method, url, headers }: IncomingMessage,
  body: Buffer,
  answer: ServerResponse
): void {
  const onward = request(target + url, { method: method!, headers: headers as IncomingHttpHeaders }, (from) => {
    answer.writeHead(from.statusCode!, from.headers)
    from.pipe(answer)
  })
  onward.on('error', () => answer.destroy())
  onward.end(body)
}

/** The folder of an object, or `list` and the folder that is listed. */
function storeName (path: string, bucket: string): string {
  const { pathname, searchParams } = new URL(path, 'http://store')
  const [, named, folder] = pathname.split('/')
  if (named !== bucket) throw new Error(`the path ${path} is not in the bucket`)
  return folder ? `${folder}/` : `list ${searchParams.get('prefix')!.split('/')[0]}/`
}

/** The resource in a path, and `dry run`. */
function kubernetesName (path: string): string {
  const { pathname, searchParams } = new URL(path, 'http://kubernetes')
  return pathname.split('/namespaces/')[1]!.split('/')[1]! + (searchParams.has('dryRun') ? ' (dry run)' : '')
}
