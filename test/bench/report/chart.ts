import type { Judged } from '../judge.ts'
import { figure } from './table.ts'

const WIDTH = 860
const LABELS = 380
const ROW = 26
const TOP = 34
const BOTTOM = 26
/** Twice as good, or as bad, is one step to the left or right. */
const FROM = -3
const TO = 5

/**
 * A chart of the lines that have a target, as an SVG. Its axis is how often the value is the target, so that all lines
 * share it: left of 1 the target is reached. A bar goes from the least to the largest value, the point is the median,
 * and the small tick is the second target.
 */
export function chartOf (title: string, lines: Judged[]): string | undefined {
  const shown = lines.filter(({ reach }) => reach !== undefined)
  if (shown.length === 0) return undefined
  const height = TOP + shown.length * ROW + BOTTOM
  const ticks = Array.from({ length: TO - FROM + 1 }, (_, index) => 2 ** (FROM + index))
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escaped(title)}">`,
    '<style>',
    'text { font: 12px system-ui, sans-serif; fill: #1f2328 } .dim { fill: #59636e }',
    '.grid { stroke: #d1d9e0 } .one { stroke: #1f2328 } .good { fill: #1a7f37; stroke: #1a7f37 }',
    '.bad { fill: #bc4c00; stroke: #bc4c00 }',
    '@media (prefers-color-scheme: dark) {',
    'text { fill: #f0f6fc } .dim { fill: #9198a1 } .grid { stroke: #3d444d } .one { stroke: #f0f6fc }',
    '.good { fill: #3fb950; stroke: #3fb950 } .bad { fill: #f0883e; stroke: #f0883e } }',
    '</style>',
    `<text class="dim" x="${xOf(1) - 8}" y="14" text-anchor="end">← reached</text>`,
    `<text class="dim" x="${xOf(1) + 8}" y="14">not reached →</text>`,
    ...ticks.flatMap((tick) => [
      `<line class="${tick === 1 ? 'one' : 'grid'}" x1="${xOf(tick)}" x2="${xOf(tick)}" y1="${TOP - 12}" y2="${height - BOTTOM}"/>`,
      `<text class="dim" x="${xOf(tick)}" y="${height - 8}" text-anchor="middle">${label(tick)}</text>`
    ]),
    ...shown.flatMap((line, index) => barOf(line, TOP + index * ROW + ROW / 2)),
    '</svg>',
    ''
  ].join('\n')
}

function barOf (line: Judged, y: number): string[] {
  const kind = line.reached ? 'good' : 'bad'
  const [from, to] = [shareOf(line, line.min), shareOf(line, line.max)].sort((a, b) => a - b)
  const second = line.then === undefined ? undefined : xOf(shareOf(line, line.then))
  return [
    `<text x="${LABELS - 12}" y="${y + 4}" text-anchor="end">${escaped(short(line.what))}</text>`,
    `<line class="${kind}" x1="${xOf(from!)}" x2="${xOf(to!)}" y1="${y}" y2="${y}" stroke-width="5" stroke-opacity="0.35"/>`,
    ...second === undefined ? [] : [`<line class="one" x1="${second}" x2="${second}" y1="${y - 5}" y2="${y + 5}"/>`],
    `<circle class="${kind}" cx="${xOf(shareOf(line, line.median))}" cy="${y}" r="4"><title>${
      escaped(`${line.what}: ${figure(line.median, line.unit)}`)
    }</title></circle>`
  ]
}

/** How often a value is its target: below 1 it is better. */
function shareOf ({ reach, better }: Judged, value: number): number {
  const share = better === 'more' ? reach! / value : value / reach!
  return Number.isFinite(share) && share > 0 ? share : 2 ** FROM
}

function xOf (share: number): number {
  const at = Math.min(TO, Math.max(FROM, Math.log2(share)))
  return Math.round(LABELS + (at - FROM) / (TO - FROM) * (WIDTH - LABELS - 24))
}

function label (tick: number): string {
  return tick < 1 ? `1/${1 / tick}` : String(tick)
}

function short (text: string): string {
  return text.length > 60 ? `${text.slice(0, 59)}…` : text
}

function escaped (text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
}
