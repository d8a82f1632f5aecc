import t from 'tap'
import { relativeTime } from '../../page/show/time-words.ts'

const now = Date.parse('2026-01-01T12:00:00Z')
for (
  const [seconds, words] of [
    [0, 'just now'],
    [-59, 'just now'],
    [20, 'just now'],
    [40, 'in 1 minute'],
    [-60, '1 minute ago'],
    [-7_199, '1 hour ago'],
    [7 * 86_400, 'in 7 days'],
    [7 * 86_400 - 10, 'in 7 days'],
    [20 * 60, 'in 20 minutes']
  ] as const
) t.equal(relativeTime(now + seconds * 1000, now), words, String(seconds))
