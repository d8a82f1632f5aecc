import type { FastifyInstance } from 'fastify'

/**
 * Work after an answer. It begins when the answer is sent, and the shutdown of the process waits for it. If the work
 * does not finish, the ping repairs the job.
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
        .then(
          () => {},
          (error: Error) =>
            app.log.error({ job_uuid: id, err: error }, 'failed after the answer; the next ping tries again')
        )
        .then(() => {
          running.delete(done)
        })
      running.add(done)
    }
  }
}
