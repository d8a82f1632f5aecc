import leven from 'leven'

/** The word that was probably meant, or `undefined`. Two letters in the wrong order are a distance of two. */
export function nearest (given: string, words: Iterable<string>): string | undefined {
  const [best] = [...words].map((word) => ({ word, distance: leven(given, word) }))
    .sort((a, b) => a.distance - b.distance)
  const most = given.length <= 2 ? 1 : Math.max(2, Math.floor(given.length / 3))
  return best !== undefined && best.distance <= most ? best.word : undefined
}
