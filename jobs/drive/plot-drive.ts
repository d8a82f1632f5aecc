import type { RoutePoint } from './route.ts'

interface Point {
  x: number
  y: number
}

const ROAD_WIDTH = 3.5
const GRID = 10
const PIXELS_PER_METRE = 12

/**
 * SVG of the planned route and of the driven path (one point or more), in metres: x is east, y is north. The y axis of
 * SVG points down, so y is negated.
 */
export function plotDrive (route: RoutePoint[], driven: Point[], title: string): string {
  const all = [...route, ...driven]
  const [left, right] = extent(all.map(({ x }) => x))
  const [bottom, top] = extent(all.map(({ y }) => y))
  const xs = gridLines(left, right)
  const ys = gridLines(bottom, top)
  const [width, height] = [right - left + 8, top - bottom + 9]
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="${left - 6} ${-top - 5} ${width} ${height}" width="${
    width * PIXELS_PER_METRE
  }" height="${height * PIXELS_PER_METRE}"
  font-family="system-ui, sans-serif" font-size="1.5" fill="none" stroke-linecap="round" stroke-linejoin="round">
<rect x="${left - 6}" y="${-top - 5}" width="${width}" height="${height}" fill="#fff"/>
<path d="${xs.map((x) => `M${x},${-top}V${-bottom}`).join('')}${
    ys.map((y) => `M${left},${-y}H${right}`).join('')
  }" stroke="#e5e7eb" stroke-width="0.12"/>
<g fill="#6b7280" text-anchor="middle">${
    xs.map((x) => `<text x="${x}" y="${-bottom + 2.2}">${x} m</text>`).join('')
  }</g>
<g fill="#6b7280" text-anchor="end">${
    ys.map((y) => `<text x="${left - 0.8}" y="${-y + 0.5}">${y} m</text>`).join('')
  }</g>
<path d="${line(route)}Z" stroke="#eef2f7" stroke-width="${ROAD_WIDTH}"/>
<path d="${line(route)}Z" stroke="#9ca3af" stroke-width="0.2" stroke-dasharray="1 0.8"/>
<path d="${line(driven)}" stroke="#2563eb" stroke-width="0.4"/>
<g stroke="#fff" stroke-width="0.2">${dot(driven[0]!, '#16a34a')}${dot(driven.at(-1)!, '#dc2626')}</g>
<text x="${left}" y="${-top - 2}" font-size="2" fill="#111827">${title}</text>
<g text-anchor="end"><text x="${right - 8}" y="${-top - 2}" fill="#6b7280">- - planned</text><text x="${right}" y="${
    -top - 2
  }" fill="#2563eb">— driven</text></g>
</svg>
`
}

/** The lowest and highest value in whole metres, with room for the road. */
function extent (values: number[]): [number, number] {
  return [Math.floor(Math.min(...values) - ROAD_WIDTH), Math.ceil(Math.max(...values) + ROAD_WIDTH)]
}

function gridLines (from: number, to: number) {
  const first = Math.ceil(from / GRID)
  return Array.from({ length: Math.floor(to / GRID) - first + 1 }, (_, i) => (first + i) * GRID)
}

function line (points: Point[]) {
  return 'M' + points.map(({ x, y }) => `${x.toFixed(2)},${(-y).toFixed(2)}`).join('L')
}

function dot ({ x, y }: Point, colour: string) {
  return `<circle cx="${x.toFixed(2)}" cy="${(-y).toFixed(2)}" r="0.7" fill="${colour}"/>`
}
