import t from 'tap'
import { keyFault } from '../../page/sign-in/key-fault.ts'

t.equal(keyFault('gx4ki_a-B.9~!'), undefined)
t.equal(keyFault('gx4ki_日本'), 'This is no key: its character 7 is none that a key can have')
for (const [key, place] of [['a→b', 2], ['ü', 1], ['a b', 2], ['a\nb', 2], ['a🚗', 2], ['ab\x7f', 3]] as const) {
  t.match(keyFault(key), `character ${place} `, JSON.stringify(key))
}
t.match(keyFault(''), /empty/)
