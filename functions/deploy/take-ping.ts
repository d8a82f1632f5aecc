import type { FastifyBaseLogger } from 'fastify'
import type { ConnectorDeps } from './connector/connector-deps.ts'
import { registerDataPlane } from './connector/register-data-plane.ts'
import { watchTransfers } from './connector/watch-transfers.ts'
import { joined } from '../../shared/flow/joined.ts'
import { type PingNotes, readPingNotes } from '../../shared/ping/ping-notes.ts'
import { type DeployNote, reconcile } from './reconcile.ts'
import { extendLists } from './keep/extend-lists.ts'
import { removeDeadLetters } from './keep/remove-dead-letters.ts'
import { removeExpired } from './keep/remove-expired.ts'

type Log = Pick<FastifyBaseLogger, 'info' | 'error'>

/**
 * Takes the pings of deploy. The Broker sends a ping again that takes too long; it then waits for the first one. A
 * failure for one job or connector is logged, and the next ping tries again.
 */
export function pingTaker (deps: ConnectorDeps): (log: Log) => Promise<void> {
  let notes: PingNotes<DeployNote> | undefined

  return joined(async (log) => {
    notes ??= await readPingNotes(deps.store, 'deploy')
    await takePing(deps, notes, log)
  })
}

/** All the work of deploy for one ping. */
async function takePing (deps: ConnectorDeps, notes: PingNotes<DeployNote>, log: Log): Promise<void> {
  const reportOf = (subject: 'job_uuid' | 'connector') => (name: string, outcome: string | Error): void => {
    if (outcome instanceof Error) log.error({ [subject]: name, err: outcome }, 'failed; the next ping tries again')
    else log.info({ [subject]: name }, outcome)
  }
  const open = await reconcile(deps, notes, reportOf('job_uuid'))
  await watchTransfers(deps, open.transfers, reportOf('job_uuid'))
  await registerDataPlane(deps, reportOf('connector'))
  await removeExpired(deps, reportOf('job_uuid'), open.owing)
  await extendLists(deps.store)
  const removed = await removeDeadLetters(deps.store)
  if (removed > 0) log.info({ removed }, 'dead letters removed')
}
