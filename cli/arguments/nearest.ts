import leven from 'leven'

/** The word that was probably meant, or `undefined`. */
export function nearest (given: string, words: Iterable<string>): string | undefined {
  const [best] = [...words].map((word) => ({ word, distance: leven(given, word) }))
    .sort((a, b) => a.distance - b.distance)
  return best !== undefined && best.distance <= Math.max(1, Math.floor(given.length / 3)) ? best.word : undefined
}
