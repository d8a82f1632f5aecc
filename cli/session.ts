import type { Paint } from './show/paint.ts'
import type { Settings } from './settings/read-settings.ts'
import type { World } from './world.ts'

/** What every command gets: the world, the settings, and how to tell the caller something. */
export interface Session extends World {
  settings: Settings
  /** Whether the result is printed as JSON. */
  json: boolean
  quiet: boolean
  verbose: boolean
  paint: Paint
  /** A line on stderr for a person; nothing with --quiet or --json. */
  note: (line: string) => Promise<void>
  /** Prints the result on stdout: as JSON if the caller asks for that, else as the text. */
  answer: (document: unknown, text: () => string) => Promise<void>
}
