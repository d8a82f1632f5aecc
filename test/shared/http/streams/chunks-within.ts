import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import t, { type Test } from 'tap'
import { chunksWithin } from '../../../../shared/http/streams/chunks-within.ts'
import { httpServer } from '../../../support/http-server.ts'

async function open (t: Test): Promise<{ answer: Response, response: ServerResponse }> {
  const asked = Promise.withResolvers<ServerResponse>()
  const { url } = await httpServer(t, (_, response) => {
    response.writeHead(200).write('a')
    asked.resolve(response)
  })
  return { answer: await fetch(url), response: await asked.promise }
}

await t.test('a body on which nothing comes is given up, and its connection closed', async (t) => {
  const { answer, response } = await open(t)
  const closed = once(response, 'close')
  const chunks = chunksWithin(answer.body!, 50)
  t.equal(String(Buffer.from((await chunks.next()).value!)), 'a')
  await t.rejects(chunks.next(), { name: 'TimeoutError' })
  await closed
})

await t.test('the time of the reader does not count', async (t) => {
  const { answer, response } = await open(t)
  const seen: string[] = []
  for await (const chunk of chunksWithin(answer.body!, 50)) {
    seen.push(String(Buffer.from(chunk)))
    if (seen.length === 1) {
      await new Promise((resolve) => setTimeout(resolve, 150))
      response.end('b')
    }
  }
  t.equal(seen.join(''), 'ab')
})

await t.test('a reader that goes away closes the connection', async (t) => {
  const { answer, response } = await open(t)
  const closed = once(response, 'close')
  const chunks = chunksWithin(answer.body!, 60_000)
  t.equal((await chunks.next()).value!.length, 1)
  await chunks.return(undefined)
  await closed
})

await t.test('a body that breaks off is an error', async (t) => {
  const { answer, response } = await open(t)
  const chunks = chunksWithin(answer.body!, 60_000)
  await chunks.next()
  response.destroy()
  await t.rejects(chunks.next(), { message: 'terminated' })
})
