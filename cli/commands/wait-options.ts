import type { Option } from '../arguments/command.ts'
import type { Arguments } from '../arguments/read-arguments.ts'
import { readDuration } from '../arguments/read-duration.ts'

export const timeoutOption: Option = {
  name: 'timeout',
  value: 'TIME',
  help: 'wait at most so long (90s, 30m, 2h), then exit with 8; the job goes on'
}
export const cancelOption: Option = {
  name: 'cancel-on-interrupt',
  help: 'Ctrl-C and SIGTERM cancel the job'
}
export const directoryOption: Option = { name: 'directory', short: 'd', value: 'DIR', help: 'folder for the results; default: the id of the job' }
export const forceOption: Option = { name: 'force', help: 'replace files with other content' }

export function timeoutIn (given: Arguments): number | undefined {
  const text = given.text('timeout')
  return text === undefined ? undefined : readDuration(text, '--timeout')
}
