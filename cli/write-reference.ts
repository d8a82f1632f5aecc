/** Writes docs/cli.md from the table of commands. */
import { writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { referencePage } from './arguments/reference-page.ts'
import { commands } from './commands/table.ts'

writeFileSync(resolve(import.meta.dirname, '../docs/cli.md'), referencePage(commands))
