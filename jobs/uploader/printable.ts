import { readableText } from './readable-text.ts'

/** Longer names are cut in the middle, because they often differ at the end only. They go into records and messages. */
const LONGEST = 300
const BEGINNING = 200
const END = 100

/** A name of any bytes, made fit for a message: what cannot be printed becomes `\x` and two hex digits. */
export function printable (name: string | Buffer): string {
  const shown = printableWhole(typeof name === 'string' ? name : readableText(name))
  return shown.length <= LONGEST ? shown : `${shown.slice(0, BEGINNING)}…${shown.slice(-END)}`.toWellFormed()
}

/** The same of a text, however long it is. */
export function printableWhole (text: string): string {
  return text.replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, escape)
}

function escape (char: string): string {
  return [...Buffer.from(char)].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('')
}
