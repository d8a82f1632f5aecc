import { METHODS } from 'node:http'
import sensible from '@fastify/sensible'
import swagger from '@fastify/swagger'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import closeWithGrace from 'close-with-grace'
import fastify, { LogController, type FastifyInstance, type FastifyPluginAsync, type RouteOptions } from 'fastify'
import { Type, type Static, type TObject } from 'typebox'
import { newAjv } from '../schema/new-ajv.ts'
import { metrics } from '../telemetry/metrics.ts'
import { startTracing } from '../telemetry/start-tracing.ts'
import { traceIdFor } from '../telemetry/trace-context.ts'
import { traceRequests } from '../telemetry/trace-requests.ts'
import { answerClientError } from './answer-client-error.ts'
import { answerProblem } from './answer-problem.ts'
import { problem } from './problem.ts'

export const serverSettings = {
  PORT: Type.Integer({ default: 8080, minimum: 0, maximum: 65535 }),
  // Nothing but this machine reaches a function unless this says otherwise; then some of them want to know who may
  // call.
  HOST: Type.String({ default: '127.0.0.1', description: 'The address to listen on' }),
  LOG_LEVEL: Type.String({ default: 'info' })
}

/** The most that a request may carry: far above any dotenv file, well under the 1 MiB of a ConfigMap with its names. */
export const BODY_LIMIT = 1024 * 1024

type ServerSettings = Static<TObject<typeof serverSettings>>

/** A function's routes, who may call them, and what its OpenAPI says of it. */
export interface FunctionApp {
  app: FastifyPluginAsync
  /** Made by `admitCallers`; `undefined` where it is not callers who come, and the routes see to that themselves. */
  admit: ((server: FastifyInstance) => Promise<void>) | undefined
  title: string
  description: string
  securitySchemes?: Record<string, HttpScheme>
}

interface HttpScheme {
  type: 'http'
  scheme: string
  description: string
}

/**
 * What makes a function a process: settings from the environment, a server, a port. A start that fails says why in one
 * line.
 */
export function runFunction<T extends ServerSettings> (
  readSettings: () => T,
  wire: (settings: T) => FunctionApp
): void {
  start().catch((error: Error) => {
    console.error(JSON.stringify({ level: 'fatal', time: new Date().toISOString(), msg: error.message }))
    process.exit(1)
  })

  async function start (): Promise<void> {
    const settings = readSettings()
    const wired = wire(settings)
    await startTracing(
      wired.title,
      (msg) =>
        console.error(
          JSON.stringify({
            level: 'warn',
            function: wired.title,
            time: new Date().toISOString(),
            msg: `traces: ${msg}`
          })
        )
    )
    await serve(await buildServer(wired, settings), settings)
  }
}

/**
 * A Fastify server with what every function has: JSON logs with the job's id, one trace id a request, validation
 * without silent changes, problem+json, Knative's health paths, `/metrics`, and `/openapi.json` made from the schemas
 * of the routes.
 */
export async function buildServer (
  { app, admit, title, description, securitySchemes = {} }: FunctionApp,
  { LOG_LEVEL }: Pick<ServerSettings, 'LOG_LEVEL'>
): Promise<FastifyInstance> {
  const server = fastify({
    logger: {
      level: LOG_LEVEL,
      base: { function: title },
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (level) => ({ level }) }
    },
    genReqId: ({ headers }) => traceIdFor(headers),
    // No line a request: who wants access logs has them from the gateway.
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'trace_id' }),
    bodyLimit: BODY_LIMIT,
    forceCloseConnections: 'idle',
    // Of an URL that cannot be decoded: it comes before any handler.
    frameworkErrors: answerProblem,
    clientErrorHandler: answerClientError,
    routerOptions: { maxParamLength: 1024 },
    // In a cluster the address of a request is that of Knative's proxy; before the private ones stands the caller's.
    trustProxy: ['loopback', 'linklocal', 'uniquelocal']
  }).withTypeProvider<TypeBoxTypeProvider>()

  // A body is taken as it is; a query has only strings, so there a number may be written as one. Nothing is dropped in
  // silence.
  const strict = newAjv()
  const coercing = newAjv({ coerceTypes: true })
  server.setValidatorCompiler(({ schema, httpPart }) => (httpPart === 'body' ? strict : coercing).compile(schema))
  // The response schemas are documentation; compiling serializers from them costs a cold start more than they save.
  server.setSerializerCompiler(() => (payload) => JSON.stringify(payload))
  server.setErrorHandler(answerProblem)
  server.setNotFoundHandler(() => {
    throw problem('not-found', 'Nothing answers at this path')
  })

  traceRequests(server)
  server.addHook('onRequest', async (request) => {
    const { id } = (request.params ?? {}) as { id?: string }
    if (id !== undefined) request.log = request.log.child({ job_uuid: id })
  })

  // Whoever is answered during the end must not keep his connection, or the process waits for him as long as he likes.
  let isClosing = false
  server.addHook('preClose', async () => {
    isClosing = true
  })
  server.addHook('onSend', async (_request, reply) => {
    if (isClosing) reply.header('connection', 'close')
    // What does not say how long it holds is about a state: it may be another one at any time. A cache may otherwise
    // keep even a 404.
    if (!reply.hasHeader('cache-control')) reply.cacheControl('no-store')
  })

  // The others that Node reads: a path can refuse only what Fastify knows.
  for (const method of METHODS) if (!server.supportedMethods.includes(method)) server.addHttpMethod(method)
  await server.register(sensible)
  await server.register(swagger, {
    openapi: { openapi: '3.1.0', info: { title, description, version: '0.1.0' }, components: { securitySchemes } }
  })
  const methods = collectMethods(server)
  await admit?.(server)
  await server.register(app)
  const hidden = { schema: { hide: true }, logLevel: 'warn', config: { access: 'public' } } as const
  server.get('/openapi.json', hidden, async () => server.swagger())
  server.get('/health/liveness', hidden, async () => ({ status: 'alive' }))
  server.get(
    '/metrics',
    hidden,
    async (_request, reply) => await reply.type(metrics.contentType).send(await metrics.metrics())
  )
  server.get('/health/readiness', hidden, async () => ({ status: 'ready' }))
  refuseOtherMethods(server, methods)
  return server
}

/** Listens, and stops as Knative wants it: on SIGTERM no new requests, what is in flight is finished, then exit. */
async function serve (server: FastifyInstance, { PORT, HOST }: ServerSettings): Promise<void> {
  // Longer than any request may take (Knative's own limit is 300 s), shorter than for ever.
  closeWithGrace({ delay: 290_000, logger: server.log }, async ({ err }) => {
    if (err) server.log.error(err)
    await server.close()
  })
  await server.listen({ port: PORT, host: HOST })
}

function collectMethods (server: FastifyInstance): Map<string, Set<string>> {
  const methods = new Map<string, Set<string>>()
  server.addHook('onRoute', ({ url, method }: RouteOptions) => {
    const known = methods.get(url) ?? new Set()
    for (const one of [method].flat()) known.add(one)
    methods.set(url, known)
  })
  return methods
}

/** Fastify answers 404 where RFC 9110 (15.5.6) wants 405 with Allow. */
function refuseOtherMethods (server: FastifyInstance, methods: Map<string, Set<string>>): void {
  for (const [url, known] of [...methods]) {
    const allow = [...known].join(', ')
    server.route({
      method: METHODS.filter((method) => !known.has(method)),
      url,
      schema: { hide: true },
      config: { access: 'public' },
      // Before the body is read: what it holds does not matter.
      onRequest: async (request) => {
        throw problem('method-not-allowed', `${request.method} is not known here; ${allow} would be`, {
          headers: { allow }
        })
      },
      handler: async () => undefined
    })
  }
}
