import { readFileSync } from 'node:fs'
import t from 'tap'
import { parseDotenv } from '../../../../functions/deploy/intake/parse-dotenv.ts'

const TOOLS = 5

/** A row of a table in docs/dotenv.md. The cells of the tools are as written there. */
interface Row {
  line: string
  tools: string[]
  here: string
}

/** The rows of both tables: of the shapes, and of the lines that are refused although most tools agree. */
function tables (): [Row[], Row[]] {
  const page = readFileSync(new URL('../../../../docs/dotenv.md', import.meta.url), 'utf8')
  const found = page.split(/\n(?!\|)/).map((block) => block.trim()).filter((block) => block.startsWith('| line |'))
  const rows = found.map((table) =>
    table.split('\n').slice(2).map((row) => {
      const [line, ...cells] = row.split(' | ').map((cell) => cell.replace(/^\| | \|$/g, ''))
      return { line: line!, tools: cells.slice(0, TOOLS), here: cells[TOOLS]! }
    })
  )
  return rows as [Row[], Row[]]
}

/** The text that a cell stands for. */
function textOf (cell: string): string {
  if (cell === 'empty') return ''
  const [, text] = /^`` (.*) ``$/.exec(cell) ?? /^`(.*)`$/.exec(cell) ?? []
  if (text === undefined) throw new Error(`the cell has no text: ${cell}`)
  return text.replaceAll('⟨BOM⟩', '\uFEFF').replaceAll('␍', '\r').replaceAll('⏎', '\n').replaceAll('⇥', '\t')
    .replaceAll('␠', ' ')
}

const wayOf = ({ here }: Row): string | undefined => here.startsWith('refused: ') ? here.slice(9) : undefined
/** How many of the tools read the line alike, at most. */
const agreeing = ({ tools }: Row): number =>
  Math.max(0, ...tools.filter((cell) => !['error', 'none'].includes(cell)).map((cell) =>
    tools.filter((other) => other === cell).length))

const [shapes, mistakes] = tables()

await t.test('every line of the table is read as the table says', async (t) => {
  t.ok(shapes.length >= 40 && mistakes.length >= 5, 'the page has both tables')
  for (const row of shapes) {
    const way = wayOf(row)
    if (way === undefined) {
      t.same(parseDotenv(textOf(row.line)), { A: textOf(row.here) }, row.line)
      t.ok(row.tools.filter((cell) => cell === '=').length >= 3, `three tools agree on ${row.line}`)
    } else {
      t.throws(() => parseDotenv(textOf(row.line)), row.line)
      t.ok(agreeing(row) < 3, `no three tools agree on ${row.line}`)
      t.same(parseDotenv(textOf(way)), { A: meantBy(textOf(way)) }, way)
    }
  }
})

/** The value of a line with one kind of quotes or none. */
function meantBy (line: string): string {
  const value = line.slice('A='.length)
  return /^'(.*)'/.exec(value)?.[1] ?? value.replaceAll('"', '')
}

await t.test('mistakes are refused although most tools take them, and have a way too', async (t) => {
  for (const row of mistakes) {
    t.throws(() => parseDotenv(textOf(row.line)), row.line)
    t.ok(agreeing(row) >= 3, `three tools agree on ${row.line}`)
    t.ok('A' in parseDotenv(textOf(wayOf(row)!)), wayOf(row)!)
  }
})
