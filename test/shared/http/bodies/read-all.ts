import { PassThrough, Readable } from 'node:stream'
import t from 'tap'
import { readAll } from '../../../../shared/http/bodies/read-all.ts'

await t.test('all bytes of a stream are read, and a character may be in two chunks', async (t) => {
  const euro = Buffer.from('€')
  t.equal((await readAll(Readable.from([]))).toString(), '')
  const stream = Readable.from([Buffer.from('a'), euro.subarray(0, 1), euro.subarray(1)])
  t.equal((await readAll(stream)).toString(), 'a€')
})

await t.test('a stream that breaks off is an error, and no shorter text', async (t) => {
  const stream = new PassThrough()
  stream.write('half')
  const read = readAll(stream)
  setImmediate(() => stream.destroy())
  await t.rejects(read, { code: 'ERR_STREAM_PREMATURE_CLOSE' })
})
