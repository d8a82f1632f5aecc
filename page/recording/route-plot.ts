import type { Position } from './position-of.ts'

export interface RoutePlot {
  /** The path of an SVG, and its view box. North is up. */
  path: string
  viewBox: string
  start: Position
  end: Position
  /** Width and height of the area, in metres. */
  width: number
  height: number
}

const SIZE = 1000
const MARGIN = 40

/** The route as a path of an SVG, with the same scale for both axes. */
export function routePlot (positions: Position[]): RoutePlot | undefined {
  if (positions.length < 2) return undefined
  const [left, right] = rangeOf(positions.map(({ x }) => x))
  const [bottom, top] = rangeOf(positions.map(({ y }) => y))
  const [width, height] = [right - left, top - bottom]
  const scale = (SIZE - 2 * MARGIN) / (Math.max(width, height) || 1)
  const drawn = positions.map(({ x, y }) => ({
    x: round(MARGIN + (x - left) * scale),
    y: round(MARGIN + (top - y) * scale)
  }))
  return {
    path: `M${drawn.map(({ x, y }) => `${x} ${y}`).join('L')}`,
    viewBox: `0 0 ${round(width * scale + 2 * MARGIN)} ${round(height * scale + 2 * MARGIN)}`,
    start: drawn[0]!,
    end: drawn.at(-1)!,
    width,
    height
  }
}

function rangeOf (values: number[]): [number, number] {
  return values.reduce(([least, most], value) => [Math.min(least, value), Math.max(most, value)], [Infinity, -Infinity])
}

function round (value: number): number {
  return Math.round(value * 10) / 10
}
