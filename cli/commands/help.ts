import type { Command } from '../arguments/command.ts'
import { exitCodeText, helpOf, overview, settingsText } from '../arguments/help-text.ts'
import { nearest } from '../arguments/nearest.ts'
import { EXIT } from '../exit-codes.ts'
import { misuse } from '../failure.ts'

const topics: Record<string, () => string> = { 'exit-codes': exitCodeText, settings: settingsText }

/** Help needs the table of all commands, which this command is in. */
export function helpCommand (commands: () => Command[]): Command {
  return {
    name: 'help',
    usage: '[COMMAND|exit-codes|settings]',
    most: 1,
    choices: Object.keys(topics),
    summary: 'Shows help',
    examples: ['gx4ki help run', 'gx4ki help exit-codes'],
    async run (session, given) {
      const [word] = given.positionals
      const text = helpAbout(word, commands())
      await session.answer({ help: text }, () => text)
      return EXIT.done
    }
  }
}

function helpAbout (word: string | undefined, commands: Command[]): string {
  if (word === undefined) return overview(commands)
  const command = commands.find(({ name }) => name === word)
  const text = command === undefined ? topics[word]?.() : helpOf(command)
  if (text === undefined) throw unknownCommand(word, commands)
  return text
}

export function unknownCommand (word: string, commands: Command[]): Error {
  const meant = nearest(word, commands.map(({ name }) => name))
  return misuse(`there is no command ${JSON.stringify(word)}`, meant === undefined ? 'gx4ki help' : `did you mean ${meant}?`)
}
