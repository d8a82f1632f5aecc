import t from 'tap'
import { readYaml, readYamlDocuments } from '../../../shared/settings/read-yaml.ts'

await t.test('YAML is read as Kubernetes reads it', async (t) => {
  for (
    const [text, value] of [
      ['0755', 493],
      ['0400', 256],
      ['0o755', '0o755'],
      ['0x1F', 31],
      ['yes', true],
      ['off', false],
      ['~', null],
      ['1e3', 1000],
      ['12:30:45', '12:30:45'],
      ['2026-11-22', '2026-11-22'],
      ['2026-11-22T12:00:00Z', '2026-11-22T12:00:00Z'],
      ['"0755"', '0755'],
      ['---\na: 1\n---\n# nothing\n', { a: 1 }],
      ['%YAML 1.1\n---\na: 0755', { a: 493 }],
      ['{\n\t"a": 1\n}', { a: 1 }],
      ['', null],
      ['{a: &x {b: 1}, c: {<<: *x, d: 2}}', { a: { b: 1 }, c: { b: 1, d: 2 } }]
    ] as const
  ) t.same(readYaml(text), value, text)
})

await t.test('invalid YAML and several documents are refused', async (t) => {
  for (const text of ['a: [', 'a: 1\na: 2', 'a: 1\n---\nb: 2', '\tb: 1', '%YAML 1.2\n---\na: 0755', 'a: *b', 'a: &b {c: *b}', 'a: &b [[*b]]']) t.throws(() => readYaml(text), text)
})

await t.test('what is wrong is told in one line', async (t) => {
  t.throws(() => readYaml('a:\n\tb: 1'), { message: /^Tabs are not allowed as indentation at line 2, column 1$/ })
  t.throws(() => readYaml('a: 1\na: 2'), { message: /^Map keys must be unique at line \d, column 1$/ })
  t.throws(() => readYaml('a: 1\n---\nb: 2'), { message: /^there are 2 documents, separated by ---$/ })
})

await t.test('the documents of a text are read one by one, without the empty ones', async (t) => {
  t.same(readYamlDocuments('a: 0755\n---\n---\n# nothing\n---\nb: yes\n'), [{ a: 493 }, { b: true }])
  t.same(readYamlDocuments(''), [])
  t.throws(() => readYamlDocuments('a: 1\n---\nb: ['))
})
