import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { chartOf } from './chart.ts'
import type { Conditions } from './conditions.ts'
import { type Measured, tableOf } from './table.ts'
import { wrap } from './wrap.ts'

interface Run {
  isQuick: boolean
  before: Conditions
  after: Conditions
}

const FOLDER = 'docs/performance'

/** Writes docs/performance.md, and into docs/performance/ a chart of each table, and all figures as JSON. */
export function writePage (measured: Measured[], run: Run): void {
  rmSync(FOLDER, { recursive: true, force: true })
  mkdirSync(FOLDER, { recursive: true })
  const sections = measured.map((one) => sectionOf(one))
  writeFileSync('docs/performance.md', `${[...introduction(), ...conditionsOf(run), ...sections].join('\n\n')}\n`)
  writeFileSync(`${FOLDER}/figures.json`, JSON.stringify({
    ...run,
    rows: measured.map((one) => ({
      name: one.row.name,
      ...(one.failure === undefined ? { lines: one.lines, rounds: one.rounds } : { failure: one.failure })
    }))
  }, undefined, 1) + '\n')
}

function sectionOf (one: Measured): string {
  const { name, title, about } = one.row
  const parts = [`## ${title}`, wrap(about)]
  if (one.failure !== undefined) return [...parts, wrap(`Not measured: ${one.failure.replace(/\s+/g, ' ')}`)].join('\n\n')
  const chart = chartOf(title, one.lines)
  if (chart !== undefined) {
    writeFileSync(`${FOLDER}/${name}.svg`, chart)
    parts.push(`![${title}: each line divided by its target](performance/${name}.svg)`)
  }
  const reasons = one.lines.filter(({ reached, because }) => reached === false && because !== undefined)
    .map(({ what, because }) => `- ${what}: ${because}`)
  return [
    ...parts,
    tableOf(one.lines),
    ...reasons.length === 0 ? [] : ['Not reached, because:', reasons.map(wrapItem).join('\n')]
  ].join('\n\n')
}

const wrapItem = (item: string): string => wrap(item, 98).replaceAll('\n', '\n  ')

function introduction (): string[] {
  return [
    '# Performance',
    '<!-- Written by `make bench`: change the text in test/bench/report/write-page.ts and in the rows. -->',
    wrap(
      '`make bench` measures the functions as they ship, side by side with a floor (the least that could do the same) ' +
        'and a peer (the prototype’s stack: FastAPI, uvicorn, and the Python clients of Kubernetes and MinIO, written for ' +
        'the bench). The sides of a table run in turn, and a ratio is that of two sides in the same round; the table has ' +
        'the least, the median and the largest of these ratios. The status and, where there are bytes, the digest of ' +
        'every answer are checked.'
    ),
    wrap(
      'There are no absolute times here, because they are those of one machine. Numbers of requests are counted at the ' +
        'wire, by a proxy before the store and the API server. All sides use the same store, and an API server of the ' +
        'bench that checks nothing and runs nothing, so what is measured is what asks it. *Reach* is what a release must ' +
        'reach, *then* what the one after it is to reach. In the charts every value is divided by its target: left of 1 ' +
        'it is reached.'
    ),
    wrap(
      '`make bench-check`, which CI runs, compares only what does not wobble: requests per operation, the size of the ' +
        'bundles, the modules that a start loads, the CPU of a cold start with room, and the memory while a file is sent.'
    )
  ]
}

function conditionsOf ({ isQuick, before, after }: Run): string[] {
  const { at, commit, changed, node, processor, memory, system, store, peer } = before
  const extent = isQuick ? 'A quick run: fewer rounds and smaller sizes than the full one' : 'A full run'
  return [
    '## This run',
    wrap(
      `${extent}, ${at.slice(0, 16).replace('T', ' ')} UTC, commit ${commit}${changed ? ' with changes' : ''}. ` +
        `${processor}, ${memory}, ${system}; Node ${node}; store: ${store}; peer: ${peer.join(', ')}. Load of the ` +
        `machine before and after: ${before.load} and ${after.load}. All figures: [figures.json](performance/figures.json).`
    )
  ]
}
