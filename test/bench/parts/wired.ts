import type { StoreSettings } from '../../../shared/store/open-store.ts'
import type { Bench } from '../bench.ts'
import { askFirst } from './ask.ts'
import { type FunctionName, type Options, startFunction } from './function.ts'
import type { Program } from './program.ts'
import { quiet } from './quiet.ts'
import type { Stub } from './stub.ts'
import { type Seen, wireTo } from './wire.ts'

export interface Wired extends Program {
  url: string
  /** The requests that a step leads to, in order, when all is quiet again. */
  during: (step: () => Promise<unknown>) => Promise<Seen[]>
  /** How many connections it has opened so far. */
  connections: () => number
}

/** Starts a function whose requests to the store and to the API server are counted. It listens when this returns. */
export async function startWired (
  bench: Pick<Bench, 'dir' | 'after'>,
  name: FunctionName,
  settings: StoreSettings,
  stub: Stub,
  { aheadMs, ...options }: Omit<Options, 'settings' | 'kubeconfig'> & { aheadMs?: number } = {}
): Promise<Wired> {
  const seen: Seen[] = []
  const store = await wireTo(bench, 'store', settings.S3_ENDPOINT, seen, aheadMs)
  const api = await wireTo(bench, 'api', stub.url, seen)
  const started = await startFunction(bench, name, {
    ...options,
    settings: { ...settings, S3_ENDPOINT: store.url },
    kubeconfig: stub.kubeconfig(api.url)
  })
  await askFirst(`${started.url}/health/readiness`, 200)
  return {
    ...started,
    connections: () => store.connections() + api.connections(),
    async during (step) {
      await quiet(started, seen)
      seen.length = 0
      await step()
      await quiet(started, seen)
      return seen.splice(0)
    }
  }
}
