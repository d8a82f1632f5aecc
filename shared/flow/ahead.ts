export interface Bounds<T> {
  /** How many may be started and not yet taken. */
  most: number
  /** How much they may hold together; a single one may be larger. */
  bytes: number
  sizeOf: (item: T) => number
}

/** Maps items in their order, and starts some of the next ones while one is taken. */
export async function * ahead<T, R> (
  items: AsyncIterable<T>,
  { most, bytes, sizeOf }: Bounds<T>,
  start: (item: T) => Promise<R>
): AsyncGenerator<R> {
  const started: { size: number, result: Promise<R> }[] = []
  const iterator = items[Symbol.asyncIterator]()
  let upcoming = await iterator.next()
  let held = 0
  while (!upcoming.done || started.length > 0) {
    while (!upcoming.done && started.length < most) {
      const size = sizeOf(upcoming.value)
      if (started.length > 0 && held + size > bytes) break
      const result = start(upcoming.value)
      // An error is told when it is the turn of its item.
      result.catch(() => {})
      started.push({ size, result })
      held += size
      upcoming = await iterator.next()
    }
    const first = started.shift()!
    yield await first.result
    held -= first.size
  }
}
