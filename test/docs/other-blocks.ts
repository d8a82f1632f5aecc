import { globSync, readFileSync } from 'node:fs'
import t from 'tap'
import { readYamlDocuments } from '../../shared/settings/read-yaml.ts'

/** What a block is in, and what reads it. Programs are read by the tests that run them. */
const readers: Record<string, ((text: string) => unknown) | undefined> = {
  json: (text) => JSON.parse(text),
  yaml: readYamlDocuments,
  sh: undefined,
  ts: undefined,
  python: undefined,
  properties: undefined,
  text: undefined
}

await t.test('every block of a page says what it is in, and can be read', async (t) => {
  let count = 0
  for (const page of ['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', ...globSync('{cli,examples,docs}/**/*.md').sort()]) {
    // A fence opens or closes, in turn.
    for (const [, language = '', text = ''] of readFileSync(page, 'utf8').matchAll(/^ *```(.*)\n([^]*?)^ *```$/gm)) {
      count += 1
      t.ok(language in readers, `${page}: ${language}`)
      t.doesNotThrow(() => readers[language]?.(text), `${page}: ${text.split('\n')[0]}`)
    }
  }
  t.ok(count > 60)
})
