import type { Command } from '../arguments/command.ts'
import { EXIT } from '../exit-codes.ts'
import { jobIdOf } from '../settings/last-job.ts'

export const open: Command = {
  name: 'open',
  usage: '[ID]',
  most: 1,
  summary: 'Prints the address of the page of a job, and opens it in a browser',
  details: [
    'Without ID, it is the page with the list of jobs. A browser is opened only from a terminal, and not where the ' +
    'variable CI is set. Without one, the address is enough.'
  ],
  examples: ['gx4ki open @last', 'gx4ki open --print "$id"'],
  options: [{ name: 'print', help: 'only print the address' }],
  async run (session, given) {
    const { settings, out, env, json } = session
    const [id] = given.positionals
    // page/route.ts reads it.
    const url = `${settings.url}/#/${id === undefined ? 'jobs' : `job/${jobIdOf(session, id)}`}`
    await session.answer({ url }, () => `${url}\n`)
    if (!out.isTerminal || json || given.flag('print') || env['CI']) return EXIT.done
    const reason = await session.openInBrowser(url)
    if (reason !== undefined) await session.note(`No browser was opened: ${reason}`)
    return EXIT.done
  }
}
