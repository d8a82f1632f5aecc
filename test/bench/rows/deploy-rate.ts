import { ask, askFirst, inFlight, type Request } from '../parts/ask.ts'
import { newBucket } from '../parts/bucket.ts'
import { startFunction } from '../parts/function.ts'
import { deployRequest } from '../parts/requests.ts'
import { startStub } from '../parts/stub.ts'
import { startPrototype } from '../peer/prototype.ts'
import { countDeploy } from '../parts/count-deploy.ts'
import type { Row } from '../row.ts'

const TOGETHER = 16

export const deployRate: Row = {
  name: 'deploy-rate',
  title: 'Deploys a second',
  about: `Deploys with ${TOGETHER} in flight, in a warm process. The prototype’s stack makes a ConfigMap and a Job, and ` +
    'keeps nothing. "The same calls" are made by the prototype’s libraries: as many requests of each kind as a deploy of ' +
    'the product needs, counted at the wire before. On 2 cores the store, the API server and the client of the bench take ' +
    'two thirds of the CPU time of a deploy: a function that took none would reach about 0.6 and 1.9.',
  rounds: { quick: 3, full: 9 },
  lines: [
    { what: 'deploys/s ÷ the prototype’s stack', figure: 'rate', over: 'prototype', better: 'more', reach: 0.9, then: 1.2 },
    {
      what: 'deploys/s ÷ the prototype’s libraries making the same calls',
      figure: 'rate',
      over: 'same',
      better: 'more',
      reach: 2,
      then: 2.5
    },
    { what: 'CPU of a deploy ÷ the prototype’s stack', figure: 'cpu', over: 'prototype' },
    { what: 'CPU of a deploy ÷ the same calls', figure: 'cpu', over: 'same' }
  ],
  async open (bench) {
    const { settings, urlToPut } = await newBucket(bench)
    const stub = await startStub(bench)
    const kubeconfig = stub.kubeconfig()
    const seen = await countDeploy(bench, settings, stub)
    const sameCalls = seen.map(({ to, method, path }) => [to, method, resourceOf(path)])
    await ask(await urlToPut('same/stored'), 200, { method: 'PUT', body: 'x'.repeat(600) })
    const product = await startFunction(bench, 'deploy', { settings, kubeconfig })
    const peer = await startPrototype(bench, { settings, kubeconfig, sameCalls })
    await askFirst(`${peer.url}/ready`, 204)
    const times = bench.isQuick ? 150 : 400

    function side (
      { url, cpu }: typeof product,
      path: string,
      expected: number,
      request?: Request
    ) {
      return async () => {
        const before = cpu()
        const wall = await inFlight(times, TOGETHER, async () => {
          const { body } = await ask(url + path, expected, request)
          if (!/"job_uuid":"[0-9a-f-]{36}"/.test(body.toString())) throw new Error(`no job in ${body}`)
        })
        return { rate: times / wall * 1000, cpu: (cpu() - before) / times }
      }
    }

    const sides = {
      product: side(product, '/job/deploy', 202, deployRequest),
      prototype: side(peer, '/job/deploy', 200),
      same: side(peer, '/job/deploy/same', 200)
    }
    await askFirst(`${product.url}/health/readiness`, 200)
    for (const run of Object.values(sides)) await run()
    return sides
  }
}

function resourceOf (path: string): string {
  return /\/(jobs|configmaps|secrets)(?:[/?]|$)/.exec(path)?.[1] ?? ''
}
