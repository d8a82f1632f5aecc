import type { Command } from '../arguments/command.ts'
import { pagesOf } from '../api/pages.ts'
import { EXIT } from '../exit-codes.ts'
import { misuse } from '../failure.ts'
import type { Job } from '../job/job.ts'
import { durationText } from '../../shared/words/amounts.ts'
import { printable } from '../../shared/words/printable.ts'
import { table } from '../show/table.ts'

const states = ['accepted', 'pending', 'running', 'succeeded', 'failed', 'canceled', 'lost'] as const

type Listed = Pick<Job, 'job_uuid' | 'state' | 'reason' | 'template' | 'created_at' | 'started_at' | 'finished_at'>

export const list: Command = {
  name: 'list',
  usage: '',
  summary: 'Lists jobs, newest first',
  examples: ['gx4ki list --state running', 'gx4ki list --template drive --limit 100'],
  options: [
    { name: 'state', value: 'STATE', help: 'only jobs in this state', choices: states },
    { name: 'template', value: 'TEMPLATE', help: 'only jobs of this template' },
    { name: 'limit', short: 'n', value: 'N', help: 'at most so many jobs; default: 20' }
  ],
  async run (session, given) {
    const limit = limitOf(given.text('limit') ?? '20')
    const query = { state: given.text('state'), template: given.text('template'), limit: String(Math.min(limit, 1000)) }
    const jobs: Listed[] = []
    let more = false
    for await (const page of pagesOf<{ jobs: Listed[], next_cursor: string | null }>(session, '/job', query, 'jobs')) {
      jobs.push(...page.jobs)
      more = jobs.length > limit || page.next_cursor !== null
      if (jobs.length >= limit) break
    }
    const shown = jobs.slice(0, limit)
    await session.answer({ jobs: shown, more }, () =>
      table(session.out, ['ID', 'STATE', 'TEMPLATE', 'CREATED', 'TOOK', 'REASON'], shown.map(rowOf)))
    if (shown.length === 0) await session.note('There are no such jobs.')
    else if (more && session.err.isTerminal) await session.note(`There are more jobs; --limit ${limit * 5} shows more.`)
    return EXIT.done
  }
}

function rowOf (job: Listed): string[] {
  const { job_uuid: id, state, reason, template, created_at: created, started_at: started, finished_at: finished } = job
  const took = finished === null ? '' : durationText(Date.parse(finished) - Date.parse(started ?? created))
  return [id, state, template, created, took, reason ?? ''].map(printable)
}

function limitOf (text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw misuse('--limit must be a number from 1')
  return Number(text)
}
