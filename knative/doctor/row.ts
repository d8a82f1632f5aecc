export type Verdict = 'works' | 'degraded' | 'broken'

/**
 * One line of the table: what was looked at, how it is, what was seen, and how to mend it. Degraded is slower or
 * untidy; broken keeps jobs from their results, or lets somebody do what he must not.
 */
export interface Row {
  check: string
  verdict: Verdict
  seen: string
  mend: string
}

export const works = (check: string, seen: string): Row => ({ check, verdict: 'works', seen, mend: '' })
export const degraded = (check: string, seen: string, mend: string): Row => ({ check, verdict: 'degraded', seen, mend })
export const broken = (check: string, seen: string, mend: string): Row => ({ check, verdict: 'broken', seen, mend })

export const isBroken = ({ verdict }: Row): boolean => verdict === 'broken'
