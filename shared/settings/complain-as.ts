/**
 * Tells what is wrong before there is a server with a log of its own, or in a file, which no request is to blame for.
 */
export function complainAs (
  title: string,
  line: { msg: string, file?: string }
): void {
  console.error(JSON.stringify({ level: 'error', function: title, time: new Date().toISOString(), ...line }))
}
