import t from 'tap'
import { readDocument } from '../../../shared/http/openapi/read-document.ts'

interface Document {
  servers: object[]
  paths: Record<string, Record<string, { security: object[] }>>
}

await t.test('a document has the address of the entry point, if the operator has set one', async (t) => {
  t.match(await readDocument('callers'), { openapi: '3.1.0', servers: [{ url: '/' }] })
  t.match(await readDocument('callers', { publicUrl: 'https://jobs.example.org/x' }), {
    servers: [{ url: 'https://jobs.example.org/x' }]
  })
})

await t.test('without credentials, every operation is open', async (t) => {
  const securities = async (isOpen: boolean) =>
    Object.values((await readDocument('callers', { isOpen }) as Document).paths)
      .flatMap((operations) => Object.values(operations).map(({ security }) => security))
  const open = await securities(true)
  t.ok(open.length > 15)
  t.ok(open.every((security) => security.length === 0))
  t.ok((await securities(false)).every((security) => security.length > 0))
})
