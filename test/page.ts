import { resolve } from 'node:path'
import { runTestsOf } from './support/run-tests-of.ts'

// The tests in browser/ need a Chromium: `make page-test`.
await runTestsOf(resolve(import.meta.dirname, 'page'), ['browser'])
