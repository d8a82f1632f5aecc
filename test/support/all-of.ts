/** All items of an async sequence. */
export async function allOf<T> (items: AsyncIterable<T>): Promise<T[]> {
  const all = []
  for await (const item of items) all.push(item)
  return all
}
