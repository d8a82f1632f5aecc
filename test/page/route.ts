import t from 'tap'
import { hashOf, queryOf, type Route, routeOf } from '../../page/route.ts'

await t.test('every view has an address, and every address its view', async (t) => {
  const views: Exclude<Route, { view: 'unknown' }>[] = [
    { view: 'jobs', state: '', template: '' },
    { view: 'jobs', state: 'failed', template: 'a b/c&d' },
    { view: 'new' },
    { view: 'new', template: 'drive' },
    { view: 'new', template: 'a/b?c', from: 'fe5dd958-4504-8d5d-a965-5ca2aa7a3eb3' },
    { view: 'job', id: 'fe5dd958-4504-8d5d-a965-5ca2aa7a3eb3' }
  ]
  for (const view of views) t.strictSame(routeOf(hashOf(view)), view, hashOf(view))
})

await t.test('an address that somebody typed', async (t) => {
  t.match(routeOf(''), { view: 'jobs' })
  t.match(routeOf('#'), { view: 'jobs' })
  t.match(routeOf('#/'), { view: 'jobs' })
  for (const hash of ['#/job', '#/job/', '#/job/a/b', '#/jobs/a', '#/x', '#main']) {
    t.match(routeOf(hash), { view: 'unknown' }, hash)
  }
  t.match(routeOf('#/new/%E0%A4%A'), { view: 'new', template: '%E0%A4%A' }, 'what cannot be decoded stays as it is')
})

t.equal(queryOf({ a: 'x y', b: '', c: undefined, d: 0 }), '?a=x+y&d=0')
t.equal(queryOf({ a: '' }), '')
