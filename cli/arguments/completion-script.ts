import type { Command, Option } from './command.ts'
import { globalOptions } from './global-options.ts'

export const shells = ['bash', 'zsh', 'fish'] as const

/** A script that completes commands, options and fixed values. It asks no server, so it never delays a shell. */
export function completionScript (shell: typeof shells[number], commands: Command[]): string {
  return { bash, zsh, fish }[shell](commands)
}

function bash (commands: Command[]): string {
  return `${functionFor(commands)}complete -o default -F _gx4ki gx4ki
`
}

/** zsh can run the function of bash. */
function zsh (commands: Command[]): string {
  return `#compdef gx4ki
autoload -Uz bashcompinit && bashcompinit
${bash(commands)}`
}

function functionFor (commands: Command[]): string {
  const cases = commands.map(({ name, options = [], choices = [] }) =>
    `    ${name}) words=${quoted([...choices, ...flagsOf([...options, ...globalOptions])].join(' '))} ;;\n`
  )
  const values = commands.flatMap(({ name, options = [] }) =>
    options.filter(({ choices }) => choices !== undefined).map((option) =>
      `    ${name}\\ --${option.name}) words=${quoted(option.choices!.join(' '))} ;;\n`
    )
  )
  return `_gx4ki () {
  local word="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD-1]}" command="\${COMP_WORDS[1]}" words=''
  if [ "$COMP_CWORD" -le 1 ]; then command=''; fi
  case "$command" in
    '') words=${quoted(commands.map(({ name }) => name).join(' '))} ;;
${cases.join('')}  esac
  case "$command $before" in
${values.join('')}  esac
  COMPREPLY=($(compgen -W "$words" -- "$word"))
}
`
}

function fish (commands: Command[]): string {
  const lines = ['complete -c gx4ki -f -n __fish_use_subcommand']
  for (const { name, summary, options = [], choices = [] } of commands) {
    lines.push(`complete -c gx4ki -f -n __fish_use_subcommand -a ${name} -d ${quoted(summary)}`)
    const where = `-n '__fish_seen_subcommand_from ${name}'`
    if (choices.length > 0) lines.push(`complete -c gx4ki -f ${where} -a ${quoted(choices.join(' '))}`)
    for (const option of options) lines.push(`complete -c gx4ki ${where} ${fishOption(option)}`)
  }
  return [...lines, ...globalOptions.map((option) => `complete -c gx4ki ${fishOption(option)}`), ''].join('\n')
}

function fishOption ({ name, short, value, help, choices }: Option): string {
  return [
    `-l ${name}`,
    ...(short === undefined ? [] : [`-s ${short}`]),
    ...(value === undefined ? [] : ['-r']),
    ...(choices === undefined ? [] : [`-f -a ${quoted(choices.join(' '))}`]),
    `-d ${quoted(help)}`
  ].join(' ')
}

function flagsOf (options: Option[]): string[] {
  return options.map(({ name }) => `--${name}`)
}

function quoted (text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}
