import { globSync, readFileSync, statSync } from 'node:fs'
import t from 'tap'

const FOLDER = 'dist/page'
const sizeOf = (name: string): number => statSync(`${FOLDER}/${name}.gz`).size

/** The scripts that a script imports before it runs. */
function importsOf (name: string): string[] {
  const text = readFileSync(`${FOLDER}/${name}`, 'utf8')
  return [...text.matchAll(/(?:from|import)"\.\/([\w-]+\.js)"/g)].map(([, imported]) => imported!)
}

const html = readFileSync(`${FOLDER}/index.html`, 'utf8')
const named = [...html.matchAll(/"page\/([^"]+)"/g)].map(([, name]) => name!)
const atStart = new Set(named)
for (const name of atStart) if (name.endsWith('.js')) for (const imported of importsOf(name)) atStart.add(imported)

t.equal(named.length, 3, 'the page names its icon, its style and its script')
t.strictSame(named.filter((name) => !/-[0-9A-Z]{8}\.(css|js|svg)$/.test(name)), [], 'each name has the hash of the content')
t.ok([...atStart].length > 3, 'the imports of the script are found')

const start = [...atStart, 'index.html'].map(sizeOf).reduce((sum, size) => sum + size)
t.ok(start <= 30_000, `what a browser loads at the start is ${start} bytes of at most 30,000`)

const all = globSync(`${FOLDER}/*.gz`).map((file) => statSync(file).size).reduce((sum, size) => sum + size)
t.ok(all > start && all <= 60_000, `all files are ${all} bytes of at most 60,000`)
