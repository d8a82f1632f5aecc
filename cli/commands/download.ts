import type { Command } from '../arguments/command.ts'
import { fetchResults } from '../download/fetch-results.ts'
import { EXIT } from '../exit-codes.ts'
import { Failure, misuse } from '../failure.ts'
import { hasEnded } from '../job/job.ts'
import { readJob } from '../job/read-job.ts'
import { jobIdOf } from '../settings/last-job.ts'
import { directoryOption, forceOption } from './wait-options.ts'

export const download: Command = {
  name: 'download',
  usage: 'ID [PATTERN…]',
  least: 1,
  most: Infinity,
  summary: 'Downloads the result files of a job, or those that fit a pattern',
  details: [
    '* and ? stay within a folder, ** does not. The same command again continues a download, and leaves files that are ' +
    'there. A file with other content is not replaced without --force. Names that would lead out of the folder, are ' +
    'devices, or end with a dot are refused.'
  ],
  examples: [
    'gx4ki download @last',
    "gx4ki download \"$id\" '**/*.mcap' -d recordings",
    'gx4ki download "$id" drive.mcap --output monday.mcap'
  ],
  options: [
    directoryOption,
    { name: 'output', short: 'o', value: 'FILE', help: 'the path for a single file' },
    forceOption,
    { name: 'so-far', help: 'of a job that has not ended: the files that are stored so far' }
  ],
  async run (session, given) {
    const [text, ...patterns] = given.positionals
    const id = jobIdOf(session, text!)
    if (given.text('output') !== undefined && given.text('directory') !== undefined) {
      throw misuse('--output and --directory exclude each other')
    }
    const job = await readJob(session, id)
    if (!hasEnded(job) && !given.flag('so-far')) {
      throw new Failure(EXIT.unended, 'the job has not ended, so there may be more files', {
        type: 'urn:gx4ki:cli:not-ended',
        job_uuid: id,
        hint: `gx4ki wait ${id} waits for it, --so-far downloads what is there`
      })
    }
    try {
      const { code, ...fetched } = await fetchResults(session, id, {
        patterns,
        folder: given.text('directory'),
        output: given.text('output'),
        mayReplace: given.flag('force')
      })
      if (session.json) await session.answer({ job_uuid: id, ...fetched }, () => '')
      return code
    } catch (error) {
      if (!session.interrupt.aborted) throw error
      throw new Failure((session.interrupt.reason as Failure).code, 'stopped', {
        type: 'urn:gx4ki:cli:interrupted',
        job_uuid: id,
        hint: 'the same command continues the download'
      })
    }
  }
}
