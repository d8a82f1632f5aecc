import type { FastifyInstance } from 'fastify'

/**
 * What follows an answer: it begins when the answer is on its way, and the end of the process waits for it. The ping
 * makes good what is cut off.
 */
export interface AfterAnswer {
  begin(id: string, work: () => Promise<unknown>): void
}

export function afterAnswer (app: FastifyInstance): AfterAnswer {
  const running = new Set<Promise<void>>()
  app.addHook('onClose', async () => {
    await Promise.all(running)
  })
  return {
    begin (id, work) {
      const done: Promise<void> = work()
        .then(() => {}, (error: Error) => app.log.error({ job_uuid: id, err: error }, 'left to the next ping'))
        .then(() => {
          running.delete(done)
        })
      running.add(done)
    }
  }
}
