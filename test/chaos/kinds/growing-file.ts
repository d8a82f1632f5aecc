import { type Step, script } from '../script.ts'
import { contentSeed, kind, SETTLED_SECONDS } from './kind.ts'

/** Some pauses are so long that the file is uploaded before it grows again. */
export const growingFile = kind('growing file', 3, (random) => {
  const steps: Step[] = []
  for (let part = random.integer(2, 6); part > 0; part--) {
    steps.push({ do: 'append', name: 'growing.log', size: random.integer(1, 300_000), seed: contentSeed(random) })
    steps.push({ do: 'wait', seconds: random.pick([0.1, 0.4, part === 2 ? SETTLED_SECONDS : 1]) })
  }
  steps.push({ do: 'append', name: 'growing.log', size: random.integer(1, 50_000), seed: contentSeed(random) })
  return script(steps)
})
