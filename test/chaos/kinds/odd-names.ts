import { encodeName } from '../encode-name.ts'
import { script } from '../script.ts'
import { contentSeed, kind } from './kind.ts'

const NAMES = [
  'with space.txt',
  ' space at both ends ',
  'a+b.txt',
  '100%.txt',
  '100%25.txt',
  'number#1.txt',
  'what?.txt',
  'a&b=c.txt',
  'quote"s\'.txt',
  'semi;colon,comma.txt',
  '[brackets]{braces}.txt',
  'back`tick$dollar.txt',
  '<angle>|pipe.txt',
  'umlauts äöüß.txt',
  'umlaut apart a\u0308.txt',
  '漢字/かな.txt',
  '🙂.txt',
  'a-b',
  'a/b',
  'a.b',
  'ab',
  'X',
  'X.versions/y',
  'x',
  'same/same/same',
  'UPPER/lower',
  'dot.',
  'dots...',
  '-leading-dash',
  'manifest.json',
  'multipart/1.json',
  `${'long-'.repeat(48)}.txt`,
  `${'deep/'.repeat(60)}end.txt`
]

/** Names that are rare, but possible. All of them are results like any other. */
export const oddNames = kind('odd names', 3, (random) => script(
  random.shuffled(NAMES).slice(0, random.integer(8, NAMES.length)).map((name) => ({
    do: 'write' as const,
    name: encodeName(name),
    size: random.integer(0, 3000),
    seed: contentSeed(random)
  }))
))
