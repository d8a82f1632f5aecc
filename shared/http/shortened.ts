/** A text of at most `longest` characters: a longer one is cut in the middle, because the ends tell most. */
export function shortened (text: string, longest: number): string {
  if (text.length <= longest) return text
  const begin = Math.ceil(longest * 2 / 3)
  return `${text.slice(0, begin)}…${text.slice(text.length - (longest - begin - 1))}`.toWellFormed()
}
