/** Of twenty jobs so many may be given up. With more of them, the run would show little of the others. */
const MOST_OF_TWENTY = 4

/** Whether enough jobs came as far as to run. */
export function judgeShare (jobs: { end: string }[]): { rule: string, detail: string }[] {
  const givenUp = jobs.filter(({ end }) => end === 'failed/KubernetesUnavailable').length
  return givenUp > Math.max(2, jobs.length * MOST_OF_TWENTY / 20)
    ? [{ rule: 'enough jobs run', detail: `${givenUp} of ${jobs.length} jobs were given up` }]
    : []
}
