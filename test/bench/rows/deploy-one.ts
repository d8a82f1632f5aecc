import { randomUUID } from 'node:crypto'
import { newJobId } from '../../../shared/job/job-id.ts'
import { ask, askFirst } from '../parts/ask.ts'
import { newBucket } from '../parts/bucket.ts'
import { countDeploy } from '../parts/count-deploy.ts'
import { NAMESPACE, startFunction } from '../parts/function.ts'
import { jobOf } from '../parts/jobs.ts'
import { deployRequest } from '../parts/requests.ts'
import { startStub } from '../parts/stub.ts'
import { chainOf } from '../parts/wire.ts'
import type { Row } from '../row.ts'

export const deployOne: Row = {
  name: 'deploy-one',
  title: 'One deploy',
  about: 'One deploy after another, in a warm process. The floor is what cannot be left out, from the client of the ' +
    'bench: a PUT of a record, then a Job, then a ConfigMap. A chain is of requests that each begin when the one before ' +
    'has ended.',
  rounds: { quick: 3, full: 9 },
  lines: [
    { what: 'wall ÷ (a PUT, a Job, a ConfigMap)', figure: 'wall', over: 'floor', reach: 2.2, then: 1.7 },
    { what: 'requests in a chain', of: 'wire', figure: 'chain', reach: 4 },
    { what: 'requests in all', of: 'wire', figure: 'requests' }
  ],
  async open (bench) {
    const { settings, urlToPut } = await newBucket(bench)
    const stub = await startStub(bench)
    const seen = await countDeploy(bench, settings, stub)
    const product = await startFunction(bench, 'deploy', { settings, kubeconfig: stub.kubeconfig() })
    await askFirst(`${product.url}/health/readiness`, 200)
    const times = bench.isQuick ? 40 : 100
    const record = 'x'.repeat(700)

    async function floor (): Promise<{ wall: number }> {
      const urls = await Promise.all(Array.from({ length: times }, async () =>
        await urlToPut(`floor/${randomUUID()}`)
      ))
      const began = performance.now()
      for (const url of urls) {
        await ask(url, 200, { method: 'PUT', body: record })
        const job = jobOf(newJobId())
        const [jobs, configMaps] = [`apis/batch/v1/namespaces/${NAMESPACE}/jobs`, `api/v1/namespaces/${NAMESPACE}/configmaps`]
        await ask(`${stub.url}/${jobs}`, 201, { method: 'POST', body: JSON.stringify(job) })
        const configMap = { kind: 'ConfigMap', apiVersion: 'v1', metadata: { name: job.metadata.name }, data: { A: 'b' } }
        await ask(`${stub.url}/${configMaps}`, 201, { method: 'POST', body: JSON.stringify(configMap) })
      }
      return { wall: performance.now() - began }
    }

    async function deploys (): Promise<{ wall: number }> {
      const began = performance.now()
      for (let done = 0; done < times; done++) await ask(`${product.url}/job/deploy`, 202, deployRequest)
      return { wall: performance.now() - began }
    }

    // What is compiled at the first requests is not part of a warm deploy.
    for (let round = 0; round < 3; round++) await deploys()
    return {
      floor,
      product: deploys,
      wire: async () => ({ requests: seen.length, chain: chainOf(seen) })
    }
  }
}
