/**
 * `make bench-check`: compares what does not wobble with test/bench/baseline.json, and fails for a regression. With
 * ACCEPT=1 it writes the baseline instead: do that in the commit that changes the figures on purpose.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openBench } from './bench.ts'
import type { Checked } from './checks/checked.ts'
import { footprint } from './checks/footprint.ts'
import { requests } from './checks/requests.ts'
import { start } from './checks/start.ts'
import { streaming } from './checks/streaming.ts'
import { complaintsAbout } from './complaints-about.ts'

const BASELINE = join(import.meta.dirname, 'baseline.json')

// The baseline is that of the local store: another one may need more requests for a list with tags.
delete process.env['LOCAL_STORE']
delete process.env['S3_ENDPOINT']
const bench = await openBench({ isQuick: true })
const checked: Checked[] = []
try {
  for (const part of [footprint, requests, start, streaming]) {
    const began = performance.now()
    checked.push(...await part(bench))
    await bench.end()
    console.log(`${part.name} took ${((performance.now() - began) / 1000).toFixed(1)} s`)
  }
} finally {
  await bench.close()
}

if (process.env['ACCEPT']) {
  writeFileSync(BASELINE, `${JSON.stringify(Object.fromEntries(checked.map(({ name, value }) => [name, value])), undefined, 2)}\n`)
  console.log(`wrote ${BASELINE}`)
} else {
  const baseline = JSON.parse(readFileSync(BASELINE, 'utf8')) as Record<string, number>
  const { worse, better } = complaintsAbout(checked, baseline)
  for (const line of better) console.log(`better: ${line}`)
  for (const line of worse) console.error(`WORSE: ${line}`)
  console.log(`${checked.length} figures compared with test/bench/baseline.json, ${worse.length} are worse`)
  if (worse.length > 0) {
    console.error('If that is on purpose, run `make bench-check ACCEPT=1` and commit the new baseline.')
    process.exitCode = 1
  }
}
