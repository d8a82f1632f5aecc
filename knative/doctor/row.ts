export type Verdict = 'works' | 'degraded' | 'broken'

/**
 * One line of the table: the check, its verdict, the finding, and how to fix it. Degraded: something is slow or left
 * behind. Broken: jobs do not get their results, or an account has a right that it must not have.
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
