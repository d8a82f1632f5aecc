import type { Command } from '../arguments/command.ts'
import { listFiles } from '../download/list-files.ts'
import { EXIT } from '../exit-codes.ts'
import { jobIdOf } from '../settings/last-job.ts'
import { bytesText } from '../../shared/words/amounts.ts'
import { printable } from '../../shared/words/printable.ts'
import { table } from '../show/table.ts'

export const files: Command = {
  name: 'files',
  usage: 'ID',
  least: 1,
  most: 1,
  summary: 'Lists the result files of a job',
  details: ['While the job runs, these are the files that are stored so far. On stderr: the files that are left out.'],
  examples: ['gx4ki files @last'],
  async run (session, given) {
    const id = jobIdOf(session, given.positionals[0]!)
    const list = await listFiles(session, id)
    const { isTerminal } = session.out
    const rows = list.files.map(({ name, size, sha256, content_type: type }) => {
      const short = isTerminal ? [bytesText(size), sha256.slice(0, 12)] : [String(size), sha256]
      return [...short, type, name].map(printable)
    })
    await session.answer(list, () => table(session.out, ['SIZE', 'SHA256', 'TYPE', 'NAME'], rows))
    for (const { name, reason } of list.left_out) {
      await session.note(`left out: ${printable(name)}: ${printable(reason)}`)
    }
    if (list.left_out_count > list.left_out.length) await session.note(`left out in all: ${list.left_out_count}`)
    return EXIT.done
  }
}
