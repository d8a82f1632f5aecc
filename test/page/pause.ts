import t from 'tap'
import { backOff, pause } from '../../page/live/pause.ts'

t.equal(backOff(1, 1), 1000)
t.equal(backOff(3, 1), 4000)
t.equal(backOff(3, 0), 2000, 'by chance, at least half')
t.equal(backOff(50, 1), 30_000)

const over = new AbortController()
const waiting = pause(3_600_000, over.signal)
over.abort()
t.equal(await waiting, undefined, 'it ends with the signal')
t.equal(await pause(3_600_000, over.signal), undefined, 'which may be over before')
