import type { StoreSettings } from '../../../shared/store/open-store.ts'
import type { Bench } from '../bench.ts'
import { ask } from './ask.ts'
import { deployRequest } from './requests.ts'
import type { Stub } from './stub.ts'
import type { Seen } from './wire.ts'
import { startWired } from './wired.ts'

/** The requests of one deploy in a warm process, in order. */
export async function countDeploy (
  bench: Pick<Bench, 'dir' | 'after'>,
  settings: StoreSettings,
  stub: Stub
): Promise<Seen[]> {
  const { url, during, kill } = await startWired(bench, 'deploy', settings, stub)
  const deploy = async (): Promise<unknown> => await ask(`${url}/job/deploy`, 202, deployRequest)
  await during(deploy)
  const seen = await during(deploy)
  await kill()
  return seen
}
