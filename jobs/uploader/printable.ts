/** Longer names are cut in the middle, because they often differ at the end only. They go into records and messages. */
const LONGEST = 300
const BEGINNING = 200
const END = 100

/** A name of any bytes, made fit for a message: what cannot be printed becomes `\x` and two hex digits. */
export function printable (name: string | Buffer): string {
  const chars = [...typeof name === 'string' ? name : decode(name)]
  const shown = chars.map((char) => /[\p{C}\p{Zl}\p{Zp}]/u.test(char) ? escape(char) : char).join('')
  return shown.length <= LONGEST ? shown : `${shown.slice(0, BEGINNING)}…${shown.slice(-END)}`.toWellFormed()
}

function escape (char: string): string {
  return [...Buffer.from(char)].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('')
}

/** Bytes that are no UTF-8 one by one, the others as they are. */
function decode (name: Buffer): string {
  const text = name.toString()
  if (!text.includes('\uFFFD')) return text
  return [...name].map((byte) => byte < 0x80 ? String.fromCharCode(byte) : `\\x${byte.toString(16)}`).join('')
}
