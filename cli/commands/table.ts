import type { Command } from '../arguments/command.ts'
import { callbacks } from './callbacks.ts'
import { cancel } from './cancel.ts'
import { completionOf } from './completion.ts'
import { download } from './download.ts'
import { files } from './files.ts'
import { helpCommand } from './help.ts'
import { keep } from './keep.ts'
import { list } from './list.ts'
import { login } from './login.ts'
import { logout } from './logout.ts'
import { logs } from './logs.ts'
import { open } from './open.ts'
import { rerun } from './rerun.ts'
import { run } from './run.ts'
import { status } from './status.ts'
import { templates } from './templates.ts'
import { version } from './version.ts'
import { wait } from './wait.ts'

/** All commands, in the order of help and of docs/cli.md. */
export const commands: Command[] = [
  run,
  wait,
  status,
  list,
  open,
  logs,
  files,
  download,
  cancel,
  rerun,
  templates,
  keep,
  callbacks,
  login,
  logout,
  completionOf(() => commands),
  helpCommand(() => commands),
  version
]
