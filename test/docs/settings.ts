import { readdirSync, readFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { resolve } from 'node:path'
import t from 'tap'
import type { TObject } from 'typebox'
import { TAKEN } from '../../knative/local/local-settings.ts'

interface Row {
  functions: string
  default: string
}

/** Settings that no function reads itself: shared/telemetry/ does, and OpenTelemetry. */
const TRACES: [string, Row][] = [
  ['OTEL_EXPORTER_OTLP_ENDPOINT', { functions: 'all', default: '–' }],
  ['OTEL_EXPORTER_OTLP_PROTOCOL', { functions: 'all', default: '`http/protobuf`' }]
]

const page = readFileSync('docs/settings.md', 'utf8')
const functions = readdirSync('functions').sort()
const schemas = await Promise.all(functions.map(async (name) => {
  const { Settings } = await import(pathToFileURL(resolve('functions', name, 'settings.ts')).href)
  return [name, Settings as TObject] as const
}))

await t.test('the table has every setting of the functions, which of them read it, and its default', async (t) => {
  const rows = [...page.matchAll(/^\| `([A-Z\d_]+)` \| (.*?) \| (.*?) \| .+ \|$/gm)]
    .map(([, name, functions, fallback]) => [name!, { functions: functions!, default: fallback! }] as const)
  t.ok(rows.length > 40)
  t.equal(new Set(rows.map(([name]) => name)).size, rows.length, 'each has one row')
  t.strictSame(Object.fromEntries(rows), Object.fromEntries([...expectedRows(), ...TRACES]))
})

await t.test('the list has every setting that the local host takes from its environment', async (t) => {
  const [, list = ''] = /^- Settings of the functions: ([^]*?)\.$/m.exec(page) ?? []
  t.strictSame([...list.matchAll(/`([A-Z\d_]+)`/g)].map(([, name]) => name).sort(), [...TAKEN].sort())
})

function expectedRows (): [string, Row][] {
  const names = new Set(schemas.flatMap(([, { properties }]) => Object.keys(properties)))
  return [...names].map((name) => {
    const readers = schemas.filter(([, { properties }]) => name in properties)
    const [fallback = '', ...others] = new Set(readers.map(([, schema]) => defaultOf(schema, name)))
    if (others.length > 0) throw new Error(`${name} has several defaults`)
    const all = readers.length === functions.length
    return [name, { functions: all ? 'all' : readers.map(([name]) => name).join(', '), default: fallback }]
  })
}

function defaultOf ({ properties, required }: TObject, name: string): string {
  const value = (properties[name] as { default?: unknown }).default
  if (value !== undefined && value !== '') return `\`${value}\``
  return (required as string[] | undefined)?.includes(name) && value === undefined ? 'required' : '–'
}
