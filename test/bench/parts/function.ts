import { dirname, resolve } from 'node:path'
import { freePorts } from '../../../knative/local/free-ports.ts'
import { ENVIRONMENT } from '../../../image/environment.ts'
import type { StoreSettings } from '../../../shared/store/open-store.ts'
import type { Bench } from '../bench.ts'
import { COMPILE_CACHE } from './compile-cache.ts'
import { type Program, startProgram } from './program.ts'

export type FunctionName = 'deploy' | 'job-completed' | 'job-watch' | 'result-fetch' | 'result-upload'

export const TOKEN_KEY = 'of the bench, and of nothing else at all'
export const NAMESPACE = 'gx4ki-jobs'

/** The V8 heap of a container with 512 MiB, the limit of the functions in `knative/base`. */
export const LIMITED = ['--max-old-space-size=259']

export interface Options {
  settings: StoreSettings
  /** The kubeconfig of the stub, for the functions that talk to the API server. */
  kubeconfig?: string
  env?: Record<string, string>
  nodeArgs?: string[]
}

/**
 * Starts a function as the image runs it: the bundle with the compile cache, and the settings of `knative/base` as far
 * as they matter here. It may not listen yet when this returns: the first request tells.
 */
export async function startFunction (
  bench: Pick<Bench, 'dir' | 'after'>,
  name: FunctionName,
  { settings, kubeconfig, env = {}, nodeArgs = [] }: Options
): Promise<Program & { url: string }> {
  const [port] = await freePorts(1)
  const program = await startProgram(bench, ['node', ...nodeArgs, `dist/${name}.cjs`], {
    PATH: `${dirname(process.execPath)}:${process.env['PATH']}`,
    ...ENVIRONMENT,
    NODE_COMPILE_CACHE: COMPILE_CACHE,
    PORT: String(port),
    HOST: '127.0.0.1',
    TRUSTED_PROXIES: '127.0.0.1, ::1',
    ...settings,
    JOBS_NAMESPACE: NAMESPACE,
    JOB_TOKEN_KEY: TOKEN_KEY,
    TEMPLATES_DIR: resolve('knative/templates'),
    DEFAULT_TEMPLATE: 'drive',
    UPLOAD_URL: 'http://uploads.gx4ki.svc.cluster.local',
    IMAGE: 'dev.local/gx4ki-jobs:dev',
    PUBLIC_URL: 'http://entry.gx4ki.svc.cluster.local',
    ...(kubeconfig !== undefined && { KUBECONFIG: kubeconfig }),
    ...env
  })
  return { ...program, url: `http://127.0.0.1:${port}` }
}
