import { setTimeout as sleep } from 'node:timers/promises'
import { EXIT } from './exit-codes.ts'
import { Failure } from './failure.ts'
import { outputOf } from './output-of.ts'
import { runCli } from './run-cli.ts'
import { openInBrowser } from './show/open-in-browser.ts'
import { inputOf } from './world.ts'

const interrupt = new AbortController()
for (const [signal, code] of [['SIGINT', EXIT.interrupted], ['SIGTERM', EXIT.terminated]] as const) {
  process.on(signal, () => {
    // The second one does not wait for anything.
    if (interrupt.signal.aborted) process.exit(code)
    interrupt.abort(new Failure(code, 'stopped', { type: 'urn:gx4ki:cli:interrupted' }))
  })
}

const out = outputOf(process.stdout, true)
const err = outputOf(process.stderr, false)
runCli({
  env: process.env,
  out,
  err,
  input: inputOf(() => process.stdin, err.write),
  // Named late: to look at `fetch` loads it, and help needs none.
  fetch: async (...request) => await fetch(...request),
  openInBrowser: async (url) => await openInBrowser(url, process.env),
  now: () => performance.now(),
  sleep: async (ms, signal) => {
    await sleep(ms, undefined, { signal }).catch((error) => {
      signal?.throwIfAborted()
      throw error
    })
  },
  interrupt: interrupt.signal
}, process.argv.slice(2)).then((code) => {
  process.exitCode = code
}, (error) => {
  console.error(error)
  process.exitCode = EXIT.unexpected
})
