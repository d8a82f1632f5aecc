import t from 'tap'
import { isTerminal, states } from '../../../shared/job/job-state.ts'

await t.test('the last four states are the terminal ones', async (t) => {
  t.same(states.filter(isTerminal), ['succeeded', 'failed', 'canceled', 'lost'])
})
