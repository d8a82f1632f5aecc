import { readFileSync } from 'node:fs'
import t from 'tap'
import { documents } from '../../openapi/documents.ts'
import { makeDocument } from '../../openapi/make-document.ts'
import { problemKinds } from '../../shared/http/problem.ts'

interface Operation {
  security?: Record<string, string[]>[]
  parameters?: { name: string, in: string }[]
}

/** What holds for many routes is not repeated in each row. */
const COMMON = ['If-Match', 'If-None-Match', 'If-Modified-Since', 'If-Unmodified-Since']

const page = readFileSync('docs/http.md', 'utf8')
const [routes, problems] = page.split('\n## Problems\n') as [string, string]
const { paths } = await makeDocument(documents['callers']!)
const operations = Object.entries(paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => [`${method.toUpperCase()} ${path}`, operation as Operation] as const))
const rows = new Map(cellsOf(routes).map(([request, scope, answer]) => [request!.replaceAll('`', ''), { scope, answer: answer! }]))

await t.test('the table of routes has the operations of the OpenAPI document, with their scopes', async (t) => {
  t.ok(rows.size > 10)
  t.strictSame(
    Object.fromEntries([...rows].map(([request, { scope }]) => [request, scope])),
    Object.fromEntries([
      ...operations.filter(([name]) => !name.startsWith('HEAD ')).map(([name, { security = [] }]) => [name, scopeOf(security)]),
      ['GET /openapi.json', '–']
    ])
  )
})

await t.test('a row names the parameters of its operation', async (t) => {
  for (const [name, { parameters = [] }] of operations) {
    const [method = '', path = ''] = name.split(' ')
    const answer = rows.get(`${method === 'HEAD' ? 'GET' : method} ${path}`)?.answer ?? ''
    const words = [...answer.matchAll(/`([^`]+)`/g)].map(([, span]) => span).join(' ')
    const asked = parameters.filter((one) => one.in !== 'path').map((one) => one.name).filter((one) => !COMMON.includes(one))
    t.strictSame(asked.filter((one) => !new RegExp(`\\b${one}\\b`).test(words)), [], name)
    if (method === 'HEAD') t.match(answer, '`HEAD`', name)
  }
  for (const name of COMMON) t.match(routes, `\`${name}\``)
})

await t.test('the table of problems has every kind, its status and its title', async (t) => {
  t.strictSame(
    cellsOf(problems).map(([kind, status, title]) => [kind!.replaceAll('`', ''), Number(status), title]),
    Object.entries(problemKinds).map(([kind, [status, title]]) => [kind, status, title])
  )
  for (const [kind, , , advice] of cellsOf(problems)) t.not(advice, '', `${kind} has advice`)
})

/** The cells of the rows of a table, without those of its head. */
function cellsOf (text: string): string[][] {
  return [...text.matchAll(/^\| (`.*) \|$/gm)].map(([, row]) => row!.split(' | '))
}

function scopeOf (security: Record<string, string[]>[]): string {
  const scopes = security.flatMap(({ caller }) => caller ?? []).map((scope) => `\`${scope}\``)
  return [...scopes, ...(security.some(({ result }) => result !== undefined) ? ['or a token for results'] : [])].join(', ')
}
