/**
 * `make bench`: measures the product against floors and peers, and writes docs/performance.md. BENCH=quick measures
 * less often, and smaller things. BENCH_ROWS=cold-start,… measures only some rows, and prints them instead.
 */
import { openBench } from './bench.ts'
import { judge } from './judge.ts'
import { measure } from './measure.ts'
import { conditions } from './report/conditions.ts'
import { type Measured, tableOf } from './report/table.ts'
import { writePage } from './report/write-page.ts'
import { rows } from './rows/all.ts'

const isQuick = process.env['BENCH'] === 'quick'
const chosen = process.env['BENCH_ROWS']?.split(',')
const measured: Measured[] = []
const before = conditions()
const bench = await openBench({ isQuick })
try {
  for (const row of rows) {
    if (chosen?.includes(row.name) === false || row.rounds[isQuick ? 'quick' : 'full'] === 0) continue
    console.log(`\n${row.title}`)
    const began = performance.now()
    try {
      const rounds = await measure(bench, row)
      const lines = row.lines.map((line) => judge(line, rounds))
      measured.push({ row, lines, rounds })
      console.log(tableOf(lines))
    } catch (error) {
      measured.push({ row, failure: (error as Error).message })
      console.error(error)
      process.exitCode = 1
    }
    console.log(`(${((performance.now() - began) / 1000).toFixed(1)} s)`)
  }
} finally {
  await bench.close()
}
if (chosen === undefined) writePage(measured, { isQuick, before, after: conditions() })
