import { exitCodes } from '../exit-codes.ts'
import { variables } from '../settings/read-settings.ts'
import type { Command, Option } from './command.ts'
import { globalOptions } from './global-options.ts'
import { columns, wrap } from './wrap.ts'

/** The help of all commands: the examples of the first one come first. */
export function overview (commands: Command[]): string {
  return [
    'Runs jobs of gx4ki-jobs, waits for them and downloads their results.\n',
    'Example:\n  gx4ki run drive --wait --download\n',
    `Commands:\n${columns(commands.map(({ name, summary }) => [name, summary]))}`,
    `Options of every command:\n${columns(optionRows(globalOptions))}`,
    'gx4ki help COMMAND, gx4ki help exit-codes and gx4ki help settings say more.\n'
  ].join('\n')
}

export function helpOf ({ name, usage, summary, details = [], examples, options = [] }: Command): string {
  return [
    `Example:\n${examples.map((example) => `  ${example}\n`).join('')}`,
    `Usage: gx4ki ${name}${usage === '' ? '' : ` ${usage}`} [OPTION]…\n`,
    `${wrap(`${summary}.`, 0)}\n`,
    ...details.map((paragraph) => `${wrap(paragraph, 0)}\n`),
    ...(options.length === 0 ? [] : [`Options:\n${columns(optionRows(options))}`]),
    `Options of every command:\n${columns(optionRows(globalOptions))}`
  ].join('\n')
}

export function exitCodeText (): string {
  return columns(Object.entries(exitCodes))
}

export function settingsText (): string {
  return [
    columns(Object.entries(variables)),
    `${wrap('A token goes only to the origin that it was given for, and --url with another origin does not get it. ' +
      'gx4ki login keeps one token for each origin.', 0)}\n`
  ].join('\n')
}

export function optionRows (options: Option[]): [string, string][] {
  return options.map(({ name, short, value, many, help }) => [
    `${short === undefined ? '' : `-${short}, `}--${name}${value === undefined ? '' : ` ${value}`}`,
    many ? `${help}; may be repeated` : help
  ])
}
