import { readFileSync } from 'node:fs'
import t from 'tap'
import { rules } from '../judge-job.ts'
import { knownFaults } from '../known-faults.ts'

for (const { name, changes, rule } of knownFaults) {
  await t.test(`it can be put back: ${name}`, async (t) => {
    t.ok((rules as readonly string[]).includes(rule), `there is a rule "${rule}"`)
    for (const [file, good] of changes) {
      t.equal(readFileSync(file, 'utf8').split(good).length, 2, `${file} has this once: ${good.trim()}`)
    }
  })
}
