import { boundedLine } from '../http/bounded-line.ts'

/**
 * Logs an error, or a warning, when no server with its own log exists yet, or when a file is wrong, which belongs to no
 * request.
 */
export function complainAs (
  title: string,
  line: { msg: string, level?: 'warn', file?: string, template?: string }
): void {
  console.error(
    boundedLine(JSON.stringify({ level: 'error', function: title, time: new Date().toISOString(), ...line }))
  )
}
