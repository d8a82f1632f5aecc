import { randomUUID } from 'node:crypto'
import { dirname, join } from 'node:path'
import { freePorts } from '../../../knative/local/free-ports.ts'
import { jobToken } from '../../../shared/access/job-token.ts'
import { readRecord } from '../../../shared/job/record-store.ts'
import { askFirst, type Request } from '../parts/ask.ts'
import { newBucket } from '../parts/bucket.ts'
import { type FunctionName, startFunction, TOKEN_KEY } from '../parts/function.ts'
import { openJob } from '../parts/jobs.ts'
import { type Program, startProgram } from '../parts/program.ts'
import { deployRequest, jobEvent } from '../parts/requests.ts'
import { startStub } from '../parts/stub.ts'
import { startPrototype } from '../peer/prototype.ts'
import type { Figures, Line, Row } from '../row.ts'

const cold = (of: FunctionName, what: string, targets: Pick<Line, 'reach' | 'then'>): Line => ({
  what: `${of}: exec → ${what}, CPU ÷ floor`,
  of,
  figure: 'cpu',
  over: 'floor',
  ...targets
})
const memory = (of: FunctionName, targets: Pick<Line, 'reach' | 'then'>): Line => ({
  what: `${of}: memory after it ÷ floor`,
  of,
  figure: 'memory',
  over: 'floor',
  ...targets
})

export const coldStart: Row = {
  name: 'cold-start',
  title: 'A cold start',
  about: 'A process is started, and a request is sent until it is answered. The floor is `node:http` that says hello ' +
    '(CommonJS, the same Node). The peer is the prototype’s stack. CPU is what the kernel counted for the process from ' +
    'exec to its answer; wall time is from exec, too.',
  rounds: { quick: 3, full: 15 },
  lines: [
    cold('deploy', 'first job created', { reach: 6, then: 4.5 }),
    { what: 'deploy: the same, CPU ÷ the prototype’s stack', of: 'deploy', figure: 'cpu', over: 'prototype' },
    {
      what: 'deploy: the same, wall ÷ the prototype’s stack',
      of: 'deploy',
      figure: 'wall',
      over: 'prototype',
      reach: 0.3,
      then: 0.2
    },
    cold('job-completed', 'first event settled', { reach: 6, then: 4 }),
    cold('result-fetch', 'first answer', { reach: 4.6, then: 3.5 }),
    cold('result-upload', 'first answer', { reach: 4.6, then: 3.5 }),
    memory('deploy', { reach: 1.8, then: 1.5 }),
    memory('job-completed', { reach: 1.75, then: 1.5 }),
    memory('result-fetch', { reach: 1.6, then: 1.5 }),
    memory('result-upload', { reach: 1.6, then: 1.5 })
  ],
  async open (bench) {
    const { store, settings } = await newBucket(bench)
    const stub = await startStub(bench)
    const kubeconfig = stub.kubeconfig()
    const place = { store, stub }
    const { id } = await openJob(place)

    async function start (
      name: FunctionName,
      path: string,
      expected: number,
      request?: Request
    ): Promise<Figures> {
      return await figuresOf(await startFunction(bench, name, { settings, kubeconfig }), path, expected, request)
    }

    return {
      floor: async () => {
        const [port] = await freePorts(1)
        const floor = await startProgram(
          bench,
          ['node', join(import.meta.dirname, '../parts/floor.cjs')],
          { PATH: `${dirname(process.execPath)}:${process.env['PATH']}`, PORT: String(port) }
        )
        return await figuresOf({ ...floor, url: `http://127.0.0.1:${port}` }, '/', 200)
      },
      deploy: async () => await start('deploy', '/job/deploy', 202, deployRequest),
      'job-completed': async () => {
        const { id, job } = await openJob(place)
        await stub.advance('complete', job.metadata.name)
        const figures = await start('job-completed', '/', 204, jobEvent(job))
        const state = (await readRecord(store, id))?.record.state
        if (state !== 'failed' && state !== 'succeeded') throw new Error(`the event left the job ${state}`)
        return figures
      },
      'result-fetch': async () => await start('result-fetch', `/job/${id}`, 200),
      'result-upload': async () => await start('result-upload', `/job/${id}/attempt/${randomUUID()}/upload`, 200, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${jobToken(TOKEN_KEY, id)}` },
        body: JSON.stringify({ files: [{ size: 5, sha256: 'a'.repeat(64) }] })
      }),
      prototype: async () => await figuresOf(await startPrototype(bench, { settings, kubeconfig }), '/job/deploy', 200)
    }
  }
}

async function figuresOf (
  program: Program & { url: string },
  path: string,
  expected: number,
  request: Request = {}
): Promise<Figures> {
  await askFirst(program.url + path, expected, { ...request, headers: { ...request.headers, connection: 'close' } })
  const wall = performance.now() - program.began
  const memory = program.memory()
  const { cpu } = await program.kill()
  return { wall, memory, cpu }
}
