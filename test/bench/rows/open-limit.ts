import { apiKeys } from '../parts/api-key.ts'
import { ask, askFirst, inFlight } from '../parts/ask.ts'
import { newBucket } from '../parts/bucket.ts'
import { startFunction } from '../parts/function.ts'
import { deployRequest } from '../parts/requests.ts'
import { startStub } from '../parts/stub.ts'
import type { Row } from '../row.ts'

export const openLimit: Row = {
  name: 'open-limit',
  title: 'A limit of open jobs',
  about: 'One deploy of a caller with `MAX_OPEN_JOBS_PER_CALLER`, while others have 10,000 open jobs (a quick run: 500), ' +
    'against the same deploy without a limit.',
  rounds: { quick: 2, full: 7 },
  lines: [
    { what: 'wall ÷ without a limit', figure: 'wall', over: 'floor', reach: 2 },
    { what: 'CPU ÷ without a limit', figure: 'cpu', over: 'floor', reach: 2 }
  ],
  async open (bench) {
    const { settings } = await newBucket(bench)
    const kubeconfig = (await startStub(bench)).kubeconfig()
    const { env, headersOf } = apiKeys(bench, ['alice', 'bob'])
    const free = await startFunction(bench, 'deploy', { settings, kubeconfig, env })
    const limited = await startFunction(bench, 'deploy', {
      settings,
      kubeconfig,
      env: { ...env, MAX_OPEN_JOBS_PER_CALLER: '100000' }
    })
    for (const { url } of [free, limited]) await askFirst(`${url}/health/readiness`, 200)
    const deploy = async ({ url }: typeof free, owner: string): Promise<unknown> =>
      await ask(`${url}/job/deploy`, 202, {
        ...deployRequest,
        headers: { ...deployRequest.headers, ...headersOf(owner) }
      })
    await inFlight(bench.isQuick ? 500 : 10_000, 32, async () => await deploy(free, 'bob'))

    const side = (of: typeof free) => async () => {
      const times = 10
      const before = of.cpu()
      const wall = await inFlight(times, 1, async () => await deploy(of, 'alice'))
      return { wall, cpu: Math.max(of.cpu() - before, 10) }
    }
    await side(limited)()
    return { floor: side(free), product: side(limited) }
  }
}
