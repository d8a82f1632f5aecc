import { readFileSync } from 'node:fs'
import t from 'tap'
import { findRoute, routesOf } from '../../knative/local/serving/entry.ts'
import { readManifests } from '../../knative/local/manifests.ts'

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

await t.test('nginx rewrites the paths of the OpenAPI documents like the HTTPRoute', async (t) => {
  const rewritten = routesOf(readManifests('knative/base')['gateway.networking.k8s.io/v1/HTTPRoute']).filter((
    { replaceFullPath }
  ) => replaceFullPath !== undefined)
  t.equal(rewritten.length, 2)
  for (const { path, replaceFullPath } of rewritten) {
    t.match(configuration, `location = ${path} {\n      proxy_pass http://knative${replaceFullPath};`)
  }
})

await t.test('nginx leaves every 405 to the functions, which know the allowed methods', async (t) => {
  t.match(configuration, 'error_page 405 = @refused;')
  const [, refused = ''] = /location @refused \{\n([^]*?)\n {4}\}/.exec(configuration) ?? []
  t.match(refused, 'rewrite ^/openapi/ /openapi.json break;')
  t.match(refused, 'proxy_pass http://knative;')
})

await t.test('the upload proxy routes only to result-upload, whatever host the client names', async (t) => {
  const door = readFileSync('knative/base/uploads/nginx.conf', 'utf8')
  t.strictSame([...door.matchAll(/proxy_set_header Host (.*);/g)].map(([, host]) => host), [
    'result-upload.gx4ki.svc.cluster.local'
  ])
  t.equal([...door.matchAll(/proxy_pass /g)].length, 1)
})
