import { resolve } from 'node:path'
import { runTestsOf } from './support/run-tests-of.ts'

await runTestsOf(resolve(import.meta.dirname, 'docs'))
