/** A colour, which takes no column; or one code point. */
// eslint-disable-next-line no-control-regex -- a colour begins with one
const PARTS = /\u001b\[[0-9;]*m|[^]/gu

/** Combining marks and the like take no column of their own, nor do the vowels and finals of a Korean syllable. */
const NARROW = /^[\p{Mn}\p{Me}\p{Cf}\u1160-\u11ff\ud7b0-\ud7ff]$/u
/** Most characters of East Asia and most emoji take two. */
const WIDE = /^(?:\p{Emoji_Presentation}|[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{1b000}-\u{1b2ff}\u{20000}-\u{3fffd}])$/u

/** The begin of a line that fits into so many columns of a terminal, and how many it takes. Colours are kept whole. */
export function fitColumns (line: string, columns: number): { text: string, width: number } {
  let [text, width] = ['', 0]
  let isColoured = false
  for (const [part] of line.matchAll(PARTS)) {
    const isColour = part.startsWith('\u001b[')
    const next = width + (isColour ? 0 : widthOf(part))
    if (next > columns) return { text: isColoured ? `${text}\u001b[0m` : text, width }
    if (isColour) isColoured = !/\[0?m$/.test(part)
    text += part
    width = next
  }
  return { text, width }
}

function widthOf (char: string): number {
  return NARROW.test(char) ? 0 : WIDE.test(char) ? 2 : 1
}
