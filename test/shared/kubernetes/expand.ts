import t from 'tap'
import { expand } from '../../../shared/kubernetes/expand.ts'

// The cases of the kubelet's own test, and what surprises in it.
// https://github.com/kubernetes/kubernetes/blob/v1.34.0/third_party/forked/golang/expansion/expand_test.go
await t.test('$(NAME) is replaced as a kubelet does it', (t) => {
  const values = { A: 'a', B_2: 'b', EMPTY: '', REF: '$(A)', 'x.y': 'dotted' }
  const cases = {
    '$(A)': 'a',
    'x$(A)-$(B_2)y': 'xa-by',
    '$(A)$(A)': 'aa',
    '[$(EMPTY)]': '[]',
    '$(x.y)': 'dotted',
    '$(REF)': '$(A)',
    '$$(A)': '$(A)',
    '$$$(A)': '$a',
    '$$$$(A)': '$$(A)',
    'echo $$': 'echo $',
    '$(UNKNOWN) $(toString) $()': '$(UNKNOWN) $(toString) $()',
    '$(A': '$(A',
    '$(A $(B_2)': '$(A $(B_2)',
    '$A $ü $': '$A $ü $',
    '$(date +%s)': '$(date +%s)',
    '': ''
  }
  for (const [text, expanded] of Object.entries(cases)) t.equal(expand(text, values), expanded, text)
  t.end()
})
