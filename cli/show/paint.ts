import type { Output, World } from '../world.ts'

const CODES = { red: 31, green: 32, yellow: 33, dim: 2, bold: 1 }
export type Paint = (colour: keyof typeof CODES, text: string) => string

/** Colours for a terminal. A colour never says what the words do not say. */
export function paintFor ({ isTerminal }: Output, env: World['env'], wanted: boolean): Paint {
  const isOn = wanted && isTerminal && !env['NO_COLOR'] && env['TERM'] !== 'dumb'
  return (colour, text) => isOn ? `\u001b[${CODES[colour]}m${text}\u001b[0m` : text
}
