import type { Checked } from './checks/checked.ts'

/** What is worse than in the baseline, or not in it, and what is so much better that the baseline should follow. */
export function complaintsAbout (
  checked: Checked[],
  baseline: Record<string, number>
): { worse: string[], better: string[] } {
  const worse: string[] = []
  const better: string[] = []
  for (const { name, value, room } of checked) {
    const known = baseline[name]
    if (known === undefined) worse.push(`${name}: ${value}, and the baseline lacks it`)
    else if (value > known * room) worse.push(`${name}: ${value}, and the baseline is ${known}${roomText(room)}`)
    else if (value * room < known) better.push(`${name}: ${value}, and the baseline is ${known}`)
  }
  const names = new Set(checked.map(({ name }) => name))
  for (const name of Object.keys(baseline)) if (!names.has(name)) worse.push(`${name}: was not measured`)
  return { worse, better }
}

const roomText = (room: number): string => room === 1 ? '' : `, with room for ${Math.round((room - 1) * 100)} % more`
