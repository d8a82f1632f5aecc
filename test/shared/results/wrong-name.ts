import t from 'tap'
import { ResultName } from '../../../shared/results/result-name.ts'
import { newAjv } from '../../../shared/schema/new-ajv.ts'
import { wrongName } from '../../../shared/results/wrong-name.ts'

/** As requests are validated. */
const isInSchema = newAjv().compile(ResultName)

await t.test('names of files in a folder and its sub-folders are names', async (t) => {
  for (
    const name of [
      'a',
      'drive.mcap',
      'sub/folder/file.bin',
      ' leading and trailing ',
      'a+b',
      '100%',
      '%2e%2e',
      '#1?',
      'Übung/größe.txt',
      '…',
      '..a',
      'a..',
      '...',
      '.hidden',
      'a;b,c',
      "it's",
      'emoji 🚗',
      'a:b',
      '~',
      '*',
      '"quoted"',
      'x'.repeat(900),
      'ü'.repeat(450)
    ]
  ) {
    t.equal(wrongName(name), undefined, name)
    t.ok(isInSchema(name), `the schema accepts ${name}`)
  }
})

await t.test('what callers could not make a path of, or would leave the folder, is not a name', async (t) => {
  const wrong: [string, RegExp][] = [
    ['', /empty/],
    ['x'.repeat(901), /900 bytes/],
    ['ü'.repeat(451), /900 bytes/],
    ['a\0b', /control/],
    ['a\nb', /control/],
    ['a\x7fb', /control/],
    ['a\ud800', /Unicode/],
    ['a\\b', /must not contain \\/],
    ['..\\x', /must not contain \\/],
    ['/etc/passwd', /relative/],
    ['//a', /relative/],
    ['../x', /parts/],
    ['a/../b', /parts/],
    ['a/..', /parts/],
    ['./a', /parts/],
    ['.', /parts/],
    ['..', /parts/],
    ['a//b', /parts/],
    ['a/', /parts/]
  ]
  for (const [name, reason] of wrong) t.match(wrongName(name), reason, JSON.stringify(name.slice(0, 20)))
  // A schema cannot count bytes, nor tell what is valid Unicode.
  for (const [name, reason] of wrong) {
    if (!/900|Unicode/.test(String(reason))) t.notOk(isInSchema(name), `the schema refuses ${JSON.stringify(name)}`)
  }
})
