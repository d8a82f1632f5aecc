import { scrape } from './scrape.ts'

/**
 * Returns a function that reads how much each metric has grown since this call. All functions in the process of a test
 * share their metrics.
 */
export async function gainsFrom (url: string): Promise<() => ReturnType<typeof scrape>> {
  const before = await scrape(url)
  return async () => {
    const now = await scrape(url)
    return (name, labels) => now(name, labels) - before(name, labels)
  }
}
