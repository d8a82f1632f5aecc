import { readFileSync } from 'node:fs'

/** One HTTP exchange that was captured from a real EDC. */
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

/** All exchanges of a capture, in their order. */
export function captured (name: string): Exchange[] {
  const capture = JSON.parse(readFileSync(`test/captures/${name}.json`, 'utf8')) as Exchange[] | { log: Exchange[] }
  return Array.isArray(capture) ? capture : capture.log
}

/** The exchanges of one kind, in their order. */
export function exchangesOf (name: string, kind: string): Exchange[] {
  return captured(name).filter((exchange) => exchange.kind === kind)
}
