import { readFileSync } from 'node:fs'

/** One exchange of those that were seen with a real EDC. */
export interface Exchange {
  kind: string
  method?: string
  path?: string
  url?: string
  headers: Record<string, string>
  body: unknown
  status?: number
  answer?: unknown
  response?: unknown
}

/** The exchanges of a capture in their order. */
export function captured (name: string): Exchange[] {
  const capture = JSON.parse(readFileSync(`test/captures/${name}.json`, 'utf8')) as Exchange[] | { log: Exchange[] }
  return Array.isArray(capture) ? capture : capture.log
}

/** Of one kind. */
export function exchangesOf (name: string, kind: string): Exchange[] {
  return captured(name).filter((exchange) => exchange.kind === kind)
}
