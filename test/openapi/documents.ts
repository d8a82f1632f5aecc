import t from 'tap'
import { allRoutes } from '../../openapi/collect-routes.ts'
import { documents } from '../../openapi/documents.ts'
import { makeDocument, type OpenApiDocument } from '../../openapi/make-document.ts'

const made = Object.fromEntries(
  await Promise.all(Object.entries(documents).map(async ([name, plan]) => [name, await makeDocument(plan)] as const))
) as Record<'callers' | 'deploy' | 'job-completed' | 'result-upload', OpenApiDocument>

const operationsOf = ({ paths }: OpenApiDocument) =>
  Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => ({ name: `${method.toUpperCase()} ${path}`, operation })))

await t.test('one document has every operation for callers', async (t) => {
  t.strictSame(
    Object.fromEntries(operationsOf(made.callers).map(({ name, operation }) => [name, operation.operationId])),
    {
      'GET /job/deploy': 'deployDefaultJob',
      'POST /job/deploy': 'deployJob',
      'GET /demo': 'runDemo',
      'DELETE /job/{id}': 'cancelJob',
      'PATCH /job/{id}': 'keepJob',
      'GET /job/{id}': 'getJob',
      'POST /job/{id}/callback/{callback}/redeliver': 'redeliverCallback',
      'GET /template': 'listTemplates',
      'GET /job': 'listJobs',
      'GET /job/{id}/callback': 'listCallbacks',
      'GET /job/{id}/events': 'watchJob',
      'GET /job/{id}/log': 'getLog',
      'HEAD /job/{id}/log': 'headLog',
      'GET /job/{id}/result/list': 'listResultFiles',
      'GET /job/{id}/result/archive': 'getResultArchive',
      'HEAD /job/{id}/result/archive': 'headResultArchive',
      'GET /job/{id}/result': 'getResultFile',
      'HEAD /job/{id}/result': 'headResultFile'
    }
  )
})

await t.test('the routes of connectors, of the Broker and of the uploader are in the documents of their functions', async (t) => {
  const paths = (document: OpenApiDocument): string[] => [...new Set(Object.keys(document.paths).map((path) =>
    path.replace(/^(\/[\w-]*).*$/, '$1')))]
  t.strictSame(paths(made.deploy), ['/provision', '/connector', '/dataflows', '/'])
  t.strictSame(paths(made['job-completed']), ['/', '/dead-letter'])
  t.strictSame(paths(made['result-upload']), ['/job'])
})

await t.test('no other route is in no document', async (t) => {
  const plugins = Object.values(documents).flatMap(({ plugins }) => plugins)
  const routes = (await Promise.all(plugins.map(allRoutes))).flat()
  const undocumented = routes.filter(({ schema }) => schema.operationId === undefined)
  t.strictSame(new Set(undocumented.map(({ method, url }) => `${method} ${url}`)), new Set([
    // The address of the prototype.
    'POST /provision/',
    // For Prometheus, inside the cluster.
    'GET /metrics/jobs'
  ]))
})

await t.test('every operation says which credentials it needs', async (t) => {
  for (const [name, document] of Object.entries(made)) {
    const schemes = Object.keys(document.components.securitySchemes)
    const named = operationsOf(document)
      .flatMap(({ operation }) => operation.security.flatMap((one) => Object.keys(one)))
    t.strictSame(new Set(named), new Set(schemes), `${name}: all schemes are used, and no other`)
  }
  for (const { name, operation } of operationsOf(made.callers)) {
    const [caller, result] = operation.security
    const reads = /^(GET|HEAD) \/(job|template)/.test(name) && name !== 'GET /job/deploy'
    t.same(caller, { caller: [reads ? 'jobs:read' : 'jobs:write'] }, name)
    t.strictSame(result, name.includes('/result') ? { result: [] } : undefined, name)
  }
})

await t.test('every shape is a named component', async (t) => {
  for (const [name, { paths, components: { schemas } }] of Object.entries(made)) {
    t.strictSame(anonymous(paths), [], `${name}: in the operations`)
    for (const [shape, { properties }] of Object.entries(schemas as Record<string, { properties?: object }>)) {
      t.strictSame(anonymous(properties ?? {}), [], `${name}: in ${shape}`)
    }
  }
  t.ok('Problem' in made.callers.components.schemas)
})

/** The places of objects with fields, and of enumerations, that have no name. */
function anonymous (value: unknown, place = ''): string[] {
  if (typeof value !== 'object' || value === null) return []
  const { type, properties, enum: values } = value as { type?: unknown, properties?: object, enum?: unknown[] }
  const isShape = (type === 'object' && Object.keys(properties ?? {}).length > 0) || Array.isArray(values)
  return [
    ...isShape ? [place] : [],
    ...Object.entries(value).flatMap(([name, part]) => anonymous(part, `${place}/${name}`))
  ]
}

await t.test('every answer with a problem is a Problem, and has the headers of its status', async (t) => {
  const problem = { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } }
  const header: Record<string, string> = {
    401: 'WWW-Authenticate',
    405: 'Allow',
    416: 'Content-Range',
    429: 'Retry-After',
    503: 'Retry-After'
  }
  for (const document of Object.values(made)) {
    for (const { name, operation } of operationsOf(document)) {
      for (const [status, { content, headers }] of Object.entries(operation.responses)) {
        if (Number(status) < 400) continue
        if (!name.startsWith('HEAD')) t.same(content, problem, `${name} ${status}`)
        if (header[status] !== undefined) t.match(headers, { [header[status]]: { required: true } }, `${name} ${status}`)
      }
    }
  }
})

await t.test('every operation that may get a body says that it may be too large, or of another type', async (t) => {
  for (const { name, operation: { responses } } of operationsOf(made.callers)) {
    const takesBody = /^(POST|PATCH|PUT|DELETE) /.test(name)
    if (takesBody) t.ok('413' in responses! && '415' in responses, name)
  }
})

await t.test('the bytes of results may have any media type', async (t) => {
  const { 200: whole, 206: part } = made.callers.paths['/job/{id}/result']!['get']!.responses
  for (const answer of [whole, part]) t.match(answer, { content: { '*/*': { schema: { format: 'binary' } } } })
  const { get, head } = made.callers.paths['/job/{id}/result']!
  t.strictSame(Object.keys(head!.responses['200']!.headers!), Object.keys(get!.responses['200']!.headers!))
  t.notOk(head!.responses['200']!.content)
  t.notOk(head!.responses['206'])
})

await t.test('a log is text, which may be continued', async (t) => {
  const { responses, parameters } = made.callers.paths['/job/{id}/log']!['get']!
  for (const status of ['200', '206']) t.strictSame(responses[status]!.content!['text/plain']!.schema, { type: 'string' })
  t.ok((parameters as { name: string }[]).some(({ name }) => name === 'If-Range'))
})

await t.test('only the body of a deploy request may be left out', async (t) => {
  const bodies = Object.values(made).flatMap((document) =>
    operationsOf(document).flatMap(({ name, operation: { requestBody: body } }) =>
      body === undefined ? [] : [[name, body]]))
  t.ok(bodies.length > 10)
  for (const [name, body] of bodies) t.match(body, { required: name !== 'POST /job/deploy' }, String(name))
})
