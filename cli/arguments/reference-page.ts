import { exitCodes } from '../exit-codes.ts'
import { variables } from '../settings/read-settings.ts'
import type { Command, Option } from './command.ts'
import { globalOptions } from './global-options.ts'
import { optionRows } from './help-text.ts'

const HEAD = `# The command line

\`gx4ki\` starts jobs, waits for them and downloads their results. It needs Node.js ≥ 20 and nothing
else. \`cli/write-reference.ts\` makes this page from the table of commands in
\`cli/commands/table.ts\`.

\`\`\`sh
make build                                    # once, in a clone
npx ./cli run drive --wait --download         # from the clone
make cli && npm install -g dist/gx4ki-*.tgz   # or installed: gx4ki run drive --wait --download
\`\`\`

- **stdout** is the result: the id of the job, the log, a table, or with \`--json\` one document. A
  table has tabs between its columns when it is not printed on a terminal. Everything else is on
  stderr. With \`--json\` an error is one JSON object there.
- **Ctrl-C** ends gx4ki and never the job, unless \`--cancel-on-interrupt\` says so.
- **A job is never started twice**: a request whose answer was lost is repeated with the same
  idempotency key.
- **A wait goes on** while the server or the network fails for less than ten minutes.
- **A download continues** where it was, also after \`kill -9\`: the same command again fetches what
  is missing. Each file is compared with its sha256 and gets its name last. Until then it is in the
  folder \`.gx4ki-parts\` beside the results.
- \`@last\` stands for the id of the last job that was started here.
`

/** docs/cli.md. */
export function referencePage (commands: Command[]): string {
  return [
    HEAD,
    '## Exit codes\n',
    tableOf(['code', 'meaning'], Object.entries(exitCodes)),
    '## Settings\n',
    tableOf(['variable', 'meaning'], Object.entries(variables).map(([name, text]) => [`\`${name}\``, text])),
    'A token goes only to the origin that it was given for. `gx4ki login` keeps one for each origin, in a\n' +
    'file that only its owner can read. There is no option for a token: other users could read it in the\n' +
    'list of processes.\n',
    '## Options of every command\n',
    optionTable(globalOptions),
    '## Commands\n',
    ...commands.map(section)
  ].join('\n').trimEnd() + '\n'
}

function section ({ name, usage, summary, details = [], examples, options = [] }: Command): string {
  return [
    `### gx4ki ${name}\n`,
    `${filled(`${summary}.`)}\n`,
    `\`\`\`sh\n${examples.join('\n')}\n\`\`\`\n`,
    `Usage: \`gx4ki ${name}${usage === '' ? '' : ` ${usage}`}\`\n`,
    ...details.map((paragraph) => `${filled(paragraph)}\n`),
    ...(options.length === 0 ? [] : [optionTable(options)])
  ].join('\n')
}

function optionTable (options: Option[]): string {
  return tableOf(['option', 'meaning'], optionRows(options).map(([name, text]) => [`\`${name}\``, text]))
}

function tableOf (titles: [string, string], rows: [string, string][]): string {
  const lines = rows.map(([left, right]) => `| ${left} | ${marked(right).replaceAll('|', '\\|')} |`)
  return `| ${titles.join(' | ')} |\n| --- | --- |\n${lines.join('\n')}\n`
}

/** Plain text, so that Markdown shows it as it is. */
function marked (text: string): string {
  return text.replaceAll('*', '\\*').replaceAll(/https?:\/\/[^\s,;]+/g, '<$&>')
}

/** Lines of at most 100 columns. */
function filled (text: string): string {
  return marked(text).replaceAll(/(?=.{101})(.{1,100}) /g, '$1\n')
}
