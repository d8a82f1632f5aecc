import type { Option } from './command.ts'

/** The options of every command. */
export const globalOptions: Option[] = [
  { name: 'url', value: 'URL', help: 'address of the API' },
  { name: 'json', help: 'print the result as JSON, and an error as JSON on stderr' },
  { name: 'quiet', short: 'q', help: 'nothing on stderr but errors' },
  { name: 'verbose', short: 'v', help: 'each request on stderr, without credentials' },
  { name: 'no-color', help: 'no colours' },
  { name: 'help', short: 'h', help: 'help of the command' }
]
