import { createRecord } from '../../../shared/job/record-store.ts'
import { newRecord } from '../../support/new-record.ts'
import { ask } from '../parts/ask.ts'
import { newBucket } from '../parts/bucket.ts'
import { startStub } from '../parts/stub.ts'
import { countTo } from '../parts/wire.ts'
import { startWired } from '../parts/wired.ts'
import type { Row } from '../row.ts'

const CLIENTS = 200

/** By then, each client has its first read. */
const FIRST_MS = 2000

export const waiting: Row = {
  name: 'waiting',
  title: 'Clients that wait for a job',
  about: `${CLIENTS} clients send \`Prefer: wait\` for one running job, or each for one of ${CLIENTS}; nothing happens. ` +
    'The first read of each client is not counted: it decides whether the client may see the job.',
  rounds: { quick: 1, full: 2 },
  lines: [
    { what: 'for one job: reads of the store a second', of: 'one', figure: 'reads', reach: 2, then: 2 },
    { what: `for ${CLIENTS} jobs: reads of the store a second`, of: 'each', figure: 'reads', reach: 60, then: 30 }
  ],
  async open (bench) {
    const { store, settings } = await newBucket(bench)
    const stub = await startStub(bench)
    const records = Array.from({ length: CLIENTS }, () => newRecord({ state: 'running' }))
    for (const record of records) await createRecord(store, record)
    const seconds = bench.isQuick ? 6 : 15
    const { url, during } = await startWired(bench, 'result-fetch', settings, stub)

    const side = (idOf: (client: number) => string) => async () => {
      const began = performance.now()
      const seen = await during(async () => {
        await Promise.all(Array.from({ length: CLIENTS }, async (_, client) => {
          const { body } = await ask(`${url}/job/${idOf(client)}`, 200, { headers: { prefer: `wait=${seconds}` } })
          if (!body.toString().includes('"running"')) throw new Error(`not a running job: ${body}`)
        }))
      })
      const later = seen.filter((one) => one.began > began + FIRST_MS && one.began < began + seconds * 1000)
      return { reads: countTo('store', later) / (seconds - FIRST_MS / 1000) }
    }
    return { one: side(() => records[0]!.job_uuid), each: side((client) => records[client]!.job_uuid) }
  }
}
