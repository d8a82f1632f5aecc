import { isTerminal } from '../../../shared/job/job-state.ts'
import { transferEnded } from '../../../shared/job/transfers/transfer-ended.ts'
import type { Deps } from '../start/start-job.ts'
import { advanceNoticed } from '../keep/advance-noticed.ts'
import { finishStop } from '../keep/stop-job.ts'

/** Records that the transfer of a job has ended. Cancels the job if it still runs, because its result is not needed. */
export async function endTransfer (deps: Deps, id: string, how?: 'completed'): Promise<void> {
  const ended = (await advanceNoticed(deps.store, id, (record) => transferEnded(record, new Date(), how)))?.record
  if (ended?.stop !== undefined && !isTerminal(ended.state)) await finishStop(deps, ended)
}
