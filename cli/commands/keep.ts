import type { Command } from '../arguments/command.ts'
import { readDuration } from '../arguments/read-duration.ts'
import { askJson } from '../api/ask.ts'
import { EXIT } from '../exit-codes.ts'
import { misuse } from '../failure.ts'
import { JOB_MEMBERS, type Job } from '../job/job.ts'
import { jobIdOf } from '../settings/last-job.ts'
import { printable } from '../../shared/words/printable.ts'

export const keep: Command = {
  name: 'keep',
  usage: 'ID',
  least: 1,
  most: 1,
  summary: 'Keeps an ended job longer, with its results and its log',
  details: ['Prints until when the job is kept. The time is never made shorter, and is at most 366 days from now.'],
  examples: ['gx4ki keep @last --for 90d', 'gx4ki keep "$id" --until 2027-01-31'],
  options: [
    { name: 'for', value: 'TIME', help: 'so long from now: 12h, 90d' },
    { name: 'until', value: 'DATE', help: 'a date, or a time in RFC 3339' }
  ],
  async run (session, given) {
    const id = jobIdOf(session, given.positionals[0]!)
    const [span, date] = [given.text('for'), given.text('until')]
    if ((span === undefined) === (date === undefined)) throw misuse('gx4ki keep needs either --for or --until')
    const until = span === undefined ? dateOf(date!) : new Date(Date.now() + readDuration(span, '--for')).toISOString()
    const request = { method: 'PATCH' as const, path: `/job/${id}`, body: { expires_at: until } }
    const job = await askJson<Job>(session, request, ...JOB_MEMBERS)
    await session.answer(job, () => `${printable(job.expires_at ?? '')}\n`)
    return EXIT.done
  }
}

function dateOf (text: string): string {
  const time = /^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T00:00:00Z` : text
  if (!/^\d{4}-\d{2}-\d{2}T[\d:.]+(Z|[+-]\d{2}:\d{2})$/.test(time) || Number.isNaN(Date.parse(time))) {
    throw misuse('--until must be a date such as 2027-01-31, or a time such as 2027-01-31T12:00:00Z')
  }
  return time
}
