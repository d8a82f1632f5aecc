import type { Command } from '../arguments/command.ts'
import { completionScript, shells } from '../arguments/completion-script.ts'
import { EXIT } from '../exit-codes.ts'
import { misuse } from '../failure.ts'

/** Completion needs the table of all commands, which this command is in. */
export function completionOf (commands: () => Command[]): Command {
  return {
    name: 'completion',
    usage: shells.join('|'),
    least: 1,
    most: 1,
    choices: shells,
    summary: 'Prints a script for the completion of a shell',
    examples: ['eval "$(gx4ki completion bash)"', 'gx4ki completion fish > ~/.config/fish/completions/gx4ki.fish'],
    async run (session, given) {
      const shell = shells.find((one) => one === given.positionals[0])
      if (shell === undefined) throw misuse(`there is completion for ${shells.join(', ')}`)
      const script = completionScript(shell, commands())
      await session.answer({ shell, script }, () => script)
      return EXIT.done
    }
  }
}
