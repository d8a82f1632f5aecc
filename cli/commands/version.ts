import manifest from '../package.json' with { type: 'json' }
import type { Command } from '../arguments/command.ts'
import { EXIT } from '../exit-codes.ts'

export const version: Command = {
  name: 'version',
  usage: '',
  summary: 'Prints the version of gx4ki',
  examples: ['gx4ki version'],
  async run (session) {
    await session.answer({ version: manifest.version, node: process.version }, () => `${manifest.version}\n`)
    return EXIT.done
  }
}
