import t from 'tap'
import { about, exactly } from '../checks/checked.ts'
import { complaintsAbout } from '../complaints-about.ts'

await t.test('what is counted may not be more than in the baseline', async (t) => {
  const { worse, better } = complaintsAbout([exactly('more', 5), exactly('equal', 4), exactly('less', 3)], {
    more: 4,
    equal: 4,
    less: 4
  })
  t.strictSame(worse, ['more: 5, and the baseline is 4'])
  t.strictSame(better, ['less: 3, and the baseline is 4'])
})

await t.test('what is measured has room in both directions', async (t) => {
  const baseline = { wall: 10 }
  t.strictSame(complaintsAbout([about('wall', 12, 1.3)], baseline), { worse: [], better: [] })
  t.strictSame(complaintsAbout([about('wall', 9, 1.3)], baseline), { worse: [], better: [] })
  t.strictSame(complaintsAbout([about('wall', 14, 1.3)], baseline).worse, [
    'wall: 14, and the baseline is 10, with room for 30 % more'
  ])
})

await t.test('both sides must have the same figures', async (t) => {
  t.strictSame(complaintsAbout([exactly('new', 1)], { gone: 1 }).worse, [
    'new: 1, and the baseline lacks it',
    'gone: was not measured'
  ])
})
