import t from 'tap'
import { joinPages } from '../../page/jobs/join-pages.ts'

const jobs = (...ids: string[]) => ids.map((id) => ({ job_uuid: id }))

t.strictSame(joinPages(jobs('b', 'c'), []), jobs('b', 'c'))
t.strictSame(joinPages(jobs('a', 'b'), jobs('b', 'c', 'd')), jobs('a', 'b', 'c', 'd'), 'a job that a new one has pushed out stays')
t.strictSame(joinPages(jobs('b', 'd'), jobs('b', 'c', 'd', 'e')), jobs('b', 'd', 'e'), 'a removed one does not')
t.equal(joinPages(jobs('a', 'b'), jobs('c', 'd')), undefined, 'there may be others between them')
t.strictSame(joinPages([], []), [])
