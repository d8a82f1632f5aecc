import { scrape } from './scrape.ts'

/** How much each number has grown since then: all functions of a test's process count together. */
export async function gainsFrom (url: string): Promise<() => ReturnType<typeof scrape>> {
  const before = await scrape(url)
  return async () => {
    const now = await scrape(url)
    return (name, labels) => now(name, labels) - before(name, labels)
  }
}
