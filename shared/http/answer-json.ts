import { hash } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { checkConditions } from './conditions/check-conditions.ts'

/** Answers with JSON whose ETag is the digest of its bytes, or with 304 if the caller has the same. */
export async function answerJson (request: FastifyRequest, reply: FastifyReply, body: object): Promise<FastifyReply> {
  const text = JSON.stringify(body)
  const etag = `"${hash('sha256', text, 'base64url')}"`
  const judgement = checkConditions(request, { etag })
  reply.headers({ etag, 'cache-control': 'private, no-cache' })
  if (judgement === 'not modified') return await reply.code(304).send()
  return await reply.type('application/json; charset=utf-8').send(text)
}
