export type ChaosStore = 'weed' | 'minio'

export interface ChaosSettings {
  seed: string
  jobs: number
  /** How many jobs run at the same time. */
  atOnce: number
  /** When the whole run is to be over. Undefined: it takes as long as the jobs take. */
  seconds: number | undefined
  /** Undefined: all stores of this machine. */
  store: ChaosStore | undefined
}

/** As many as end within about two minutes on two cores. */
const JOBS = 40
const SECONDS = 120
const AT_ONCE = 8

/** The settings of a run, from its environment. A seed that is not given is the day. */
export function chaosSettings (env: Record<string, string | undefined>, now: Date): ChaosSettings {
  const number = (name: string): number | undefined => {
    if (!env[name]) return undefined
    const value = Number(env[name])
    if (!Number.isInteger(value) || value < 1) throw new Error(`${name} must be a whole number above 0, not ${env[name]}`)
    return value
  }
  const store = env['CHAOS_STORE'] || env['LOCAL_STORE'] || undefined
  if (store !== undefined && store !== 'weed' && store !== 'minio') {
    throw new Error(`CHAOS_STORE must be weed or minio, not ${store}`)
  }
  const jobs = number('CHAOS_JOBS')
  return {
    seed: env['CHAOS_SEED'] || now.toISOString().slice(0, 10).replaceAll('-', ''),
    jobs: jobs ?? JOBS,
    atOnce: number('CHAOS_AT_ONCE') ?? AT_ONCE,
    // Whoever names a number of jobs wants them all.
    seconds: number('CHAOS_SECONDS') ?? (jobs === undefined ? SECONDS : undefined),
    store
  }
}
