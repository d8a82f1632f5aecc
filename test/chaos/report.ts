import type { RoundReport } from './run-round.ts'

/** What happened in a round, as lines for the log. */
export function reportLines (
  { jobs, notAsked, requests, faults, disturbances, pings, seconds }: RoundReport
): string[] {
  const whole = (number: number): string => number.toFixed(0)
  const ends = new Map<string, Map<string, number>>()
  for (const { kind, end } of jobs) {
    const counts = ends.get(kind) ?? new Map<string, number>()
    ends.set(kind, counts.set(end, (counts.get(end) ?? 0) + 1))
  }
  const total = [...faults.values()].reduce((sum, count) => sum + count, 0)
  return [
    `${jobs.length} jobs; ${whole(seconds.faults)} s with faults, ${whole(seconds.healing)} s and ${pings} pings to the end, ${whole(seconds.judging)} s to judge`,
    ...notAsked > 0 ? [`${notAsked} more jobs were not asked for, because the time was over`] : [],
    `${requests} requests at the proxies, ${total} faults`,
    ...[...Map.groupBy(faults, ([name]) => name.split(': ')[0]!)].map(([proxy, counts]) =>
      `faults at ${proxy}: ${inWords(new Map(counts.map(([name, count]) => [name.split(': ')[1]!, count])))}`
    ),
    ...disturbances.size > 0 ? [`disturbances: ${inWords(disturbances)}`] : [],
    ...[...ends].sort(([one], [other]) => one < other ? -1 : 1).map(([kind, counts]) => `${kind}: ${inWords(counts)}`)
  ]
}

function inWords (counts: Map<string, number>): string {
  return [...counts].sort(([one], [other]) => one < other ? -1 : 1).map(([what, count]) => `${count} ${what}`).join(', ')
}
