import { globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t from 'tap'
import ts from 'typescript'

/** For each file, the paths of the project files that it imports. Type imports count. */
const imports = new Map(
  globSync('{functions,shared,jobs,knative,image,openapi,page}/**/*.{ts,tsx}').sort().map((file) => {
    const { importedFiles } = ts.preProcessFile(readFileSync(file, 'utf8'))
    return [
      file,
      importedFiles.filter(({ fileName }) => fileName.startsWith('.')).map(({ fileName }) =>
        join(dirname(file), fileName)
      )
    ]
  })
)

/** The first two folders of a path: a function, or a folder of shared. */
const placeOf = (file: string): string => file.split('/').slice(0, 2).join('/')

t.ok(imports.get('functions/deploy/app.ts')?.includes('shared/access/admit-sender.ts'), 'type imports are found')

await t.test('shared does not import from functions, and functions do not import each other', async (t) => {
  for (const [file, imported] of imports) {
    const wrong = imported.filter((one) => one.startsWith('functions/') && placeOf(one) !== placeOf(file))
    if (/^(functions|shared)\//.test(file)) t.strictSame(wrong, [], file)
  }
})

await t.test('the page uses nothing of the functions, and only the build uses the page', async (t) => {
  const outside = [...imports].flatMap(([file, imported]) => imported.filter((one) =>
    file.startsWith('page/') ? !/^(page|shared)\//.test(one) : one.startsWith('page/')))
  t.strictSame(outside, [])
  t.ok(imports.get('page/app.tsx')?.includes('page/route.ts'), 'its imports are found')
})

t.strictSame(inCircles(imports), [], 'the files have no import cycle')

const concerns = new Map<string, string[]>()
for (const [file, imported] of imports) {
  if (!file.startsWith('shared/')) continue
  const others = imported.map(placeOf).filter((place) => place !== placeOf(file))
  concerns.set(placeOf(file), [...concerns.get(placeOf(file)) ?? [], ...others])
}
t.strictSame(inCircles(concerns), [], 'the folders of shared have no import cycle')

/**
 * Removes every node that imports no remaining node, until none can be removed. Returns the remaining nodes: the import
 * cycles, and the nodes that lead to a cycle.
 */
function inCircles (graph: Map<string, string[]>): string[] {
  const left = new Map(graph)
  for (let size = -1; size !== left.size;) {
    size = left.size
    for (const [one, imported] of left) if (!imported.some((other) => left.has(other))) left.delete(one)
  }
  return [...left.keys()]
}
