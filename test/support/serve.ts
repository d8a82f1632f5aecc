import type { AddressInfo } from 'node:net'
import type { FastifyPluginAsync } from 'fastify'
import type { Test } from 'tap'
import { buildServer, type FunctionApp } from '../../shared/http/server.ts'

/** Serves an app as a function does, on a free port, until the test ends. */
export async function serve (
  t: Test,
  app: FastifyPluginAsync,
  callers: Pick<FunctionApp, 'admit' | 'document' | 'elsewhere'> = { admit: undefined },
  TRUSTED_PROXIES = ''
): Promise<{ url: string, close: () => Promise<void> }> {
  const server = await buildServer({ app, title: 'test', document: async () => ({}), ...callers }, {
    LOG_LEVEL: 'silent',
    TRUSTED_PROXIES
  })
  await server.listen({ port: 0, host: '127.0.0.1' })
  t.teardown(() => server.close())
  return { url: `http://127.0.0.1:${(server.server.address() as AddressInfo).port}`, close: () => server.close() }
}
