import type { V1JobSpec } from '@kubernetes/client-node'

const DAY = 86_400

/**
 * A few pings: from the Job that has ended, and its pod, they read how it ended and its log. With less, an event that
 * is late finds neither. Seconds.
 */
const SHORTEST = 600

/** How long a Job stays when it has ended, in seconds; and what is wrong with the template's own time. */
export function ttlOf ({ ttlSecondsAfterFinished: own }: V1JobSpec): { seconds: number, warning?: string } {
  const seconds = own ?? DAY
  if (seconds >= SHORTEST) return { seconds }
  return {
    seconds: SHORTEST,
    warning: `spec.ttlSecondsAfterFinished is ${seconds}, and is raised to ${SHORTEST}: until then the end of the job ` +
      'and its log are read from the Job'
  }
}
