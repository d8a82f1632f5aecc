import { readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { runTestsOf } from './support/run-tests-of.ts'

const shared = resolve(import.meta.dirname, 'shared')
for (const folder of readdirSync(shared).sort()) await runTestsOf(join(shared, folder))
