import t from 'tap'
import { wrongName } from '../../../shared/results/result-name.ts'

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
  ) t.equal(wrongName(name), undefined, name)
})

await t.test('what could not be a key, or would leave the folder, is no name', async (t) => {
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
})
