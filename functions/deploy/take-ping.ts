import type { FastifyBaseLogger } from 'fastify'
import type { ConnectorDeps } from './connector/connector-deps.ts'
import { registerDataPlane } from './connector/register-data-plane.ts'
import { watchTransfers } from './connector/watch-transfers.ts'
import { reconcile } from './reconcile.ts'
import { extendLists } from './keep/extend-lists.ts'
import { removeDeadLetters } from './keep/remove-dead-letters.ts'
import { removeExpired } from './keep/remove-expired.ts'

/** All the work of deploy for one ping. A failure for one job or connector is logged, and the next ping tries again. */
export async function takePing (deps: ConnectorDeps, log: Pick<FastifyBaseLogger, 'info' | 'error'>): Promise<void> {
  const reportOf = (subject: 'job_uuid' | 'connector') => (name: string, outcome: string | Error): void => {
    if (outcome instanceof Error) log.error({ [subject]: name, err: outcome }, 'failed; the next ping tries again')
    else log.info({ [subject]: name }, outcome)
  }
  const transfers = await reconcile(deps, reportOf('job_uuid'))
  await watchTransfers(deps, transfers, reportOf('job_uuid'))
  await registerDataPlane(deps, reportOf('connector'))
  await removeExpired(deps, reportOf('job_uuid'))
  await extendLists(deps.store)
  const removed = await removeDeadLetters(deps.store)
  if (removed > 0) log.info({ removed }, 'dead letters removed')
}
