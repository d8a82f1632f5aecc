import { globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t from 'tap'
import ts from 'typescript'

/** What each file imports of ours, types included, by their paths. */
const imports = new Map(
  globSync('{functions,shared,jobs,knative,image}/**/*.ts').sort().map((file) => {
    const { importedFiles } = ts.preProcessFile(readFileSync(file, 'utf8'))
    return [
      file,
      importedFiles.filter(({ fileName }) => fileName.startsWith('.')).map(({ fileName }) =>
        join(dirname(file), fileName)
      )
    ]
  })
)

/** The two folders at the top that a path has: a function, a concern of shared. */
const placeOf = (file: string): string => file.split('/').slice(0, 2).join('/')

t.ok(imports.get('functions/deploy/app.ts')?.includes('shared/access/admit-sender.ts'), 'imports of types are seen')

await t.test('shared never imports from functions, and functions never import each other', async (t) => {
  for (const [file, imported] of imports) {
    const wrong = imported.filter((one) => one.startsWith('functions/') && placeOf(one) !== placeOf(file))
    if (/^(functions|shared)\//.test(file)) t.strictSame(wrong, [], file)
  }
})

t.strictSame(inCircles(imports), [], 'no file imports in a circle')

const concerns = new Map<string, string[]>()
for (const [file, imported] of imports) {
  if (!file.startsWith('shared/')) continue
  const others = imported.map(placeOf).filter((place) => place !== placeOf(file))
  concerns.set(placeOf(file), [...concerns.get(placeOf(file)) ?? [], ...others])
}
t.strictSame(inCircles(concerns), [], 'nor does a folder of shared')

/** What is left when whatever imports nothing of the rest is taken away, again and again. */
function inCircles (graph: Map<string, string[]>): string[] {
  const left = new Map(graph)
  for (let size = -1; size !== left.size;) {
    size = left.size
    for (const [one, imported] of left) if (!imported.some((other) => left.has(other))) left.delete(one)
  }
  return [...left.keys()]
}
