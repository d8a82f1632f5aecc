import type { Bench } from './bench.ts'

/** What one round of one side gives, by name: `cpu`, `wall`, `requests`, … */
export type Figures = Record<string, number>

/** What is compared: `product`, a floor, a peer, or several programs of the product. */
export type Sides = Record<string, () => Promise<Figures>>

/** One line of a table: a figure of one side, alone or divided by that of another side in the same round. */
export interface Line {
  what: string
  figure: string
  /** The side; `product` without it. */
  of?: string
  /** The floor or peer that it is divided by, in the same round. */
  over?: string
  /** Of a figure that is not a ratio. */
  unit?: string
  /** Which direction is better; `less` without it. */
  better?: 'less' | 'more'
  reach?: number
  then?: number
  /** Why `reach` is not reached, for the page: only when it is not. */
  because?: string
}

/** One table: what is run, how often, and which figures are shown. */
export interface Row {
  /** The name of its SVG. */
  name: string
  title: string
  /** What each side does, for the page. */
  about: string
  rounds: { quick: number, full: number }
  /**
   * Starts what the sides need. What is registered with `bench.after` ends when the row ends. A side checks the answers
   * that it gets, and throws for a wrong one.
   */
  open: (bench: Bench) => Promise<Sides>
  lines: Line[]
}
