import { globSync, readFileSync } from 'node:fs'
import t from 'tap'

const index = readFileSync('docs/README.md', 'utf8')
const readme = readFileSync('README.md', 'utf8')

await t.test('docs/README.md has every page, by its kind', async (t) => {
  const kinds = ['Tutorials', 'How-to guides', 'Reference', 'Explanation']
  t.strictSame([...index.matchAll(/^## (.*)$/gm)].map(([, kind]) => kind), kinds)
  const linked = [...index.matchAll(/\]\(([^)#]+)/g)].map(([, page]) => page)
  const pages = globSync('**/*.md', { cwd: 'docs', exclude: ['decisions/**', 'README.md'] })
  t.ok(pages.length > 15)
  for (const page of [...pages, 'decisions', '../ARCHITECTURE.md']) t.ok(linked.includes(page), page)
})

await t.test('README.md is short, and begins with the two commands', async (t) => {
  t.ok(readme.split('\n').length <= 100)
  const [, first = ''] = /```sh\n([^]*?)```/.exec(readme) ?? []
  t.strictSame(first.trim().split('\n').map((line) => line.replace(/ *#.*/, '')), ['make demo', 'make test'])
  for (const page of ['docs/README.md', 'examples/README.md', 'docs/tutorials/first-job.md']) t.match(readme, `(${page})`)
})

await t.test('every example has a line in examples/README.md', async (t) => {
  const list = readFileSync('examples/README.md', 'utf8')
  const files = globSync('*/**/*.*', { cwd: 'examples' })
  t.ok(files.length > 5)
  for (const file of files) t.match(list, `](${file})`)
})
