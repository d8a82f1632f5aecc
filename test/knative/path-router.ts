import { readFileSync } from 'node:fs'
import t from 'tap'
import { findRoute, routesOf } from '../../knative/local/serving/entry.ts'
import { readManifests } from '../../knative/local/manifests.ts'
import { readYaml } from '../support/read-yaml.ts'

const configuration = readFileSync('knative/components/path-router/nginx.conf', 'utf8')
const table = [
  .../map "\$request_method \$uri" \$function \{([^}]*)\}/.exec(configuration)![1]!.matchAll(/"~([^"]+)"\s+([\w-]+);/g)
]
  .map(([, pattern = '', backend = '']) => ({ pattern: new RegExp(pattern), backend }))

const backendOf = (method: string, path: string) =>
  table.find(({ pattern }) => pattern.test(`${method} ${path}`))?.backend

await t.test('nginx routes every request like the HTTPRoute', async (t) => {
  const routes = routesOf(readManifests('knative/base')['gateway.networking.k8s.io/v1/HTTPRoute'])
  const paths = routes.flatMap((
    { path }
  ) => [path, `${path}/`, `${path}/a`, `${path}/a/b.c`, `${path}s`, `/a${path}`, path.slice(0, -1)])
  t.ok(paths.length > 40)
  for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'QUERY', 'M-SEARCH']) {
    for (
      const path of ['/', '/dead-letter', '/health/readiness', '/metrics', '/metrics/jobs', '/openapi.json', ...paths]
    ) t.equal(backendOf(method, path), findRoute(routes, method, path)?.backend, `${method} ${path}`)
  }
})

await t.test('nginx rewrites the path of the OpenAPI document for connectors like the HTTPRoute', async (t) => {
  const rewritten = routesOf(readManifests('knative/base')['gateway.networking.k8s.io/v1/HTTPRoute']).filter((
    { replaceFullPath }
  ) => replaceFullPath !== undefined)
  t.equal(rewritten.length, 1)
  for (const { path, replaceFullPath } of rewritten) {
    t.match(configuration, `location = ${path} {\n      proxy_pass http://knative${replaceFullPath};`)
  }
})

await t.test('nginx leaves every 405 to the functions, which know the allowed methods', async (t) => {
  t.match(configuration, 'error_page 405 = @refused;')
  const [, refused = ''] = /location @refused \{\n([^]*?)\n {4}\}/.exec(configuration) ?? []
  t.match(refused, 'rewrite ^/openapi/deploy\\.json$ /openapi.json break;')
  t.match(refused, 'proxy_pass http://knative;')
})

for (
  const [name, file, deployment] of [
    ['uploads', 'knative/base/uploads/nginx.conf', 'knative/base'],
    ['entry', 'knative/components/path-router/nginx.conf', 'knative/components/path-router']
  ] as const
) {
  await t.test(`the memory and the disk of ${name} do for as many requests as it accepts`, async (t) => {
    const text = readFileSync(file, 'utf8').replace(/#.*/g, '')
    const KIB = 1024
    /** The product of the figures of a directive, in bytes; a directive that is not there is an error. */
    const bytes = (directive: string): number => {
      const [, figures = ''] = new RegExp(`^\\s*${directive} ([^;]+);`, 'm').exec(text) ?? []
      return figures.split(' ').map((figure) => parseInt(figure) * ({ k: KIB, m: KIB * KIB }[figure.slice(-1)] ?? 1))
        .reduce((product, figure) => product * figure, 1)
    }
    const requests = bytes('worker_connections') / 2
    const each = ['client_header_buffer_size', 'large_client_header_buffers', 'client_body_buffer_size',
      'output_buffers', 'proxy_buffer_size'].reduce((sum, directive) => sum + bytes(directive), 8 * KIB)
    t.match(text, 'proxy_buffering off;')
    t.equal(bytes('worker_processes'), 1)
    const MIB = KIB * KIB
    const { containers: [container], volumes } = readYaml(deployment).find((one) =>
      one.kind === 'Deployment' && one.metadata.name === name
    )!['spec'].template.spec as {
      containers: { resources: { limits: { memory: string } } }[]
      volumes: { emptyDir?: { sizeLimit: string } }[]
    }
    t.ok(each > 50 * KIB && requests * each + 16 * MIB <= parseInt(container!.resources.limits.memory) * MIB)
    const disk = volumes.find(({ emptyDir }) => emptyDir !== undefined)!.emptyDir!.sizeLimit
    t.ok(requests * bytes('client_max_body_size') <= parseInt(disk) * MIB)
  })
}

await t.test('the upload proxy routes only to result-upload, whatever host the client names', async (t) => {
  const door = readFileSync('knative/base/uploads/nginx.conf', 'utf8')
  t.strictSame([...door.matchAll(/proxy_set_header Host (.*);/g)].map(([, host]) => host), [
    'result-upload.gx4ki.svc.cluster.local'
  ])
  t.equal([...door.matchAll(/proxy_pass /g)].length, 1)
})
