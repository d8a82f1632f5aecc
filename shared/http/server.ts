import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import closeWithGrace from 'close-with-grace'
import fastify, { LogController, type FastifyInstance, type FastifyPluginAsync } from 'fastify'
import { Type, type Static, type TObject } from 'typebox'
import { lazyValidator } from '../schema/lazy-validator.ts'
import { metrics } from '../telemetry/metrics.ts'
import { startTracing } from '../telemetry/start-tracing.ts'
import { traceIdFor } from '../telemetry/trace-context.ts'
import { traceRequests } from '../telemetry/trace-requests.ts'
import { answerClientError } from './answer-client-error.ts'
import { answerJson } from './answer-json.ts'
import { answerProblem } from './answer-problem.ts'
import { boundedLine } from './bounded-line.ts'
import { readBodies } from './bodies/read-bodies.ts'
import { refuseUnrouted } from './refuse-unrouted.ts'
import { invalidField } from './problem.ts'
import { wrongParameter } from './wrong-parameter.ts'
import { trustedProxies } from './trusted-proxies.ts'

export const serverSettings = {
  PORT: Type.Integer({ default: 8080, minimum: 0, maximum: 65535 }),
  // By default only this machine can reach a function. With another address some functions require credential settings.
  HOST: Type.String({ default: '127.0.0.1', description: 'The address to listen on' }),
  TRUSTED_PROXIES: Type.String({
    default: '',
    description: 'Proxies whose X-Forwarded-For is believed: addresses and ranges, separated by commas or spaces'
  }),
  LOG_LEVEL: Type.String({ default: 'info' })
}

/** The largest request body, in bytes. It is far larger than any dotenv file. */
export const BODY_LIMIT = 1024 * 1024

/**
 * How long a request may take to arrive with its body. The time that the answer takes does not count: a long poll and a
 * large download may take longer.
 */
const REQUEST_MS = 60_000

type ServerSettings = Static<TObject<typeof serverSettings>>

/** A function: its routes, its access control, and its OpenAPI document. */
export interface FunctionApp {
  app: FastifyPluginAsync
  /** Made by `admitCallers`. `undefined` for a function without API callers, whose routes check access themselves. */
  admit: ((server: FastifyInstance) => Promise<void>) | undefined
  /** The methods that another function serves at a path of the same entry point, for `Allow`. */
  elsewhere?: Record<string, string[]>
  /** Returns the document that the function serves. It is read when a client asks for it. */
  document?: () => Promise<object>
  title: string
}

/**
 * Runs a function as a process: reads the settings from the environment, builds the server and opens the port. When the
 * start fails, it logs the reason in one line and exits with code 1.
 */
export function runFunction<T extends ServerSettings> (
  readSettings: () => T,
  wire: (settings: T) => FunctionApp | Promise<FunctionApp>
): void {
  start().catch((error: Error) => {
    console.error(boundedLine(JSON.stringify({ level: 'fatal', time: new Date().toISOString(), msg: error.message })))
    process.exit(1)
  })

  async function start (): Promise<void> {
    const settings = readSettings()
    const wired = await wire(settings)
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
 * Builds a Fastify server with the parts that every function has: JSON logs with the job's id, one trace id per
 * request, validation without silent changes, problem+json, Knative's health paths, `/metrics`, and `/openapi.json`.
 */
export async function buildServer (
  { app, admit, elsewhere = {}, document, title }: FunctionApp,
  { LOG_LEVEL, TRUSTED_PROXIES }: Pick<ServerSettings, 'LOG_LEVEL' | 'TRUSTED_PROXIES'>,
  requestMs = REQUEST_MS
): Promise<FastifyInstance> {
  const server = fastify({
    logger: {
      level: LOG_LEVEL,
      base: { function: title },
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (level) => ({ level }) },
      hooks: { streamWrite: boundedLine }
    },
    genReqId: ({ headers }) => traceIdFor(headers),
    // No log line per request: the gateway can write access logs.
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'trace_id' }),
    bodyLimit: BODY_LIMIT,
    requestTimeout: requestMs,
    http: { headersTimeout: requestMs, connectionsCheckingInterval: requestMs / 6 },
    forceCloseConnections: 'idle',
    // For a URL that cannot be decoded: Fastify reports it before any handler runs.
    frameworkErrors: answerProblem,
    clientErrorHandler: answerClientError,
    routerOptions: { maxParamLength: 1024 },
    // A server must take a whole URL as well as a path (RFC 9112, 3.2.2).
    rewriteUrl: ({ url = '/' }) => url.replace(/^https?:\/\/[^/?#]*\/?/i, '/'),
    // The caller's address is that of the peer. If that is a named proxy, it is the last one in X-Forwarded-For that is
    // not a named proxy.
    trustProxy: trustedProxies(TRUSTED_PROXIES)
  }).withTypeProvider<TypeBoxTypeProvider>()

  // Node would answer 417 without a problem. A server may ignore what it does not know (RFC 9110, 10.1.1).
  server.server.on('checkExpectation', (request, response) => server.server.emit('request', request, response))

  // A body is not converted. A query has only strings, so its numbers are converted. Nothing is dropped silently.
  server.setValidatorCompiler<object>(({ schema, httpPart }) =>
    lazyValidator(schema, httpPart === 'body' ? 'strict' : 'coercing'))
  // The response schemas are documentation only. Serializers compiled from them would cost more time at a cold start
  // than they save later.
  server.setSerializerCompiler(() => (payload) => JSON.stringify(payload))
  server.setErrorHandler(answerProblem)

  traceRequests(server)
  readBodies(server)
  server.addHook('onRequest', async (request) => {
    const { id } = (request.params ?? {}) as { id?: string }
    if (id !== undefined) request.log = request.log.child({ job_uuid: id })
  })

  server.addHook('preValidation', async ({ url }) => {
    const parameter = wrongParameter(url)
    if (parameter !== undefined) throw invalidField(parameter, 'has percent-encoded bytes that are not UTF-8')
  })

  // A client that is answered while the server closes must not keep its connection: the process would wait for it.
  let isClosing = false
  server.addHook('preClose', async () => {
    isClosing = true
  })
  server.addHook('onSend', async (_request, reply) => {
    if (isClosing) reply.header('connection', 'close')
    // An answer without a lifetime describes a state that can change at any time. Without no-store, a cache may keep
    // even a 404.
    if (!reply.hasHeader('cache-control')) reply.header('cache-control', 'no-store')
  })

  const refuseWithRoutes = refuseUnrouted(server, elsewhere)
  await admit?.(server)
  await server.register(app)
  const hidden = { schema: { hide: true }, logLevel: 'warn', config: { access: 'public' } } as const
  if (document !== undefined) {
    server.get('/openapi.json', hidden, async (request, reply) => await answerJson(request, reply, await document()))
  }
  server.get('/health/liveness', hidden, async () => ({ status: 'alive' }))
  server.get(
    '/metrics',
    hidden,
    async (_request, reply) => await reply.type(metrics.contentType).send(await metrics.metrics())
  )
  server.get('/health/readiness', hidden, async () => ({ status: 'ready' }))
  refuseWithRoutes()
  return server
}

/** Listens. On SIGTERM it stops as Knative requires: takes no new requests, finishes the running ones, and exits. */
async function serve (server: FastifyInstance, { PORT, HOST }: ServerSettings): Promise<void> {
  // Running requests get 290 s to end, a little less than Knative's own limit of 300 s.
  closeWithGrace({ delay: 290_000, logger: server.log }, async ({ err }) => {
    if (err) server.log.error(err)
    await server.close()
  })
  await server.listen({ port: PORT, host: HOST })
}
