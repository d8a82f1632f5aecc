import t from 'tap'
import { removeDeadLetters } from '../../../../functions/deploy/keep/remove-dead-letters.ts'
import { newJobId } from '../../../../shared/job/job-id.ts'
import { deadLetterKey, markerKey, stateKey } from '../../../../shared/store/bucket-layout.ts'
import { putObject } from '../../../../shared/store/object-store.ts'
import type { Store } from '../../../../shared/store/open-store.ts'
import { deployServer, keysOf } from '../../../support/deploy-server.ts'
import { testStore } from '../../../support/store.ts'

const letter = (days: number, digit: string): string =>
  deadLetterKey(new Date(Date.now() - days * 86_400_000).toISOString(), digit.repeat(64))
const put = async (store: Store, keys: string[]): Promise<unknown> =>
  await Promise.all(keys.map(async (key) => await putObject(store, key, '{}', {}, 'unconditional')))

await t.test('a ping removes the dead letters that are older than 30 days, and nothing else', async (t) => {
  const { store, ping } = await deployServer(t)
  const kept = [letter(0, 'a'), letter(29.9, 'b'), letter(-1, 'c'), markerKey(newJobId()), stateKey('other')]
  await put(store, [...kept, letter(30.1, 'd'), letter(30.1, 'e'), letter(400, 'f')])
  t.equal((await ping()).status, 204)
  t.same(await keysOf(store), kept.sort())
})

await t.test('one ping removes a limited number, the oldest first, and the next ping continues', async (t) => {
  const store = await testStore(t)
  const [young, ...old] = [letter(1, 'a'), letter(31, 'b'), letter(32, 'c'), letter(33, 'd')]
  await put(store, [young, ...old])
  t.equal(await removeDeadLetters(store, 2), 2)
  t.same(await keysOf(store), [old[0], young])
  t.equal(await removeDeadLetters(store, 2), 1)
  t.equal(await removeDeadLetters(store, 2), 0)
  t.same(await keysOf(store), [young])
})
