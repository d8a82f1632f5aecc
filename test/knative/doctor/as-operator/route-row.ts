import { readFileSync } from 'node:fs'
import t from 'tap'
import { configurationOf, type Entry, probeOf, type Route, routeRow } from '../../../../knative/doctor/as-operator/route-row.ts'
import { manifests } from '../../../../knative/doctor/manifests.ts'
import { httpServer } from '../../../support/http-server.ts'
import { readYaml } from '../../../support/read-yaml.ts'

const nowhere = async (): Promise<undefined> => undefined
const nothing: Entry = { route: undefined, deployment: undefined, configuration: undefined }

function routeWith (conditions: [string, string, string?][], rules = (manifests('HTTPRoute')[0] as Route).spec!.rules!): Entry {
  const status = { parents: [{ conditions: conditions.map(([type, status, message = '']) => ({ type, status, message })) }] }
  return { ...nothing, route: { ...manifests('HTTPRoute')[0]!, spec: { rules }, status } }
}

await t.test('the HTTPRoute must lead to job-watch, and a Gateway must have taken all of it', async (t) => {
  const taken: [string, string][] = [['Accepted', 'True'], ['ResolvedRefs', 'True']]
  t.match(await routeRow(routeWith(taken), nowhere), { verdict: 'works', seen: 'the HTTPRoute gx4ki has it' })
  t.match(await routeRow(routeWith([...taken, ['PartiallyInvalid', 'False']]), nowhere), { verdict: 'works' })
  for (const fault of [['Accepted', 'False', 'no pattern'], ['ResolvedRefs', 'False', 'no pattern'], ['PartiallyInvalid', 'True', 'no pattern']]) {
    t.match(await routeRow(routeWith([...taken, fault as [string, string]]), nowhere), { verdict: 'broken', seen: /no pattern/ }, fault[0]!)
  }
  const { rules } = (manifests('HTTPRoute')[0] as Route).spec!
  const without = rules!.filter((rule) => !JSON.stringify(rule).includes('job-watch'))
  t.match(await routeRow(routeWith(taken, without), nowhere), { verdict: 'broken', seen: /no rule for job-watch/ })
  const alone = { ...nothing, route: manifests('HTTPRoute')[0] as Route }
  t.match(await routeRow(alone, nowhere), { verdict: 'broken', seen: /no Gateway has taken/ })
})

await t.test('without it, the nginx of the Deployment entry must lead there', async (t) => {
  const [deployment] = readYaml('knative/components/path-router').filter(({ kind }) => kind === 'Deployment')
  t.equal(configurationOf(deployment as never), 'entry')
  const text = readFileSync('knative/components/path-router/nginx.conf', 'utf8')
  const entry = (text: string): Entry =>
    ({ ...nothing, deployment: deployment as never, configuration: { data: { 'nginx.conf': text } } })
  t.match(await routeRow(entry(text), nowhere), { verdict: 'works', seen: 'the Deployment entry has it' })
  t.match(await routeRow(entry(text.replace(/.*job-watch;/, '')), nowhere), { verdict: 'broken' })
  t.match(await routeRow({ ...entry(text), configuration: undefined }, nowhere), { verdict: 'broken' })
  t.match(await routeRow(nothing, nowhere), { verdict: 'degraded', mend: /docs\/install\.md/ })
  for (const status of [400, 401]) t.match(await routeRow(entry(text), async () => status), { verdict: 'works', seen: /^PUBLIC_URL leads/ })
  t.match(await routeRow(entry(text), async () => 404), { verdict: 'broken', seen: /leads to another function/ })
})

await t.test('PUBLIC_URL is tried where it can lead somewhere', async (t) => {
  let status = 400
  const { url, received } = await httpServer(t, (_, response) => response.writeHead(status).end('{}'))
  t.equal(await probeOf(`${url}/below/`)(), 400)
  t.equal(received[0]!.url, '/below/job/x/events')
  status = 503
  t.equal(await probeOf(url)(), undefined, 'that says nothing of the route')
  for (const address of ['', 'http://entry.gx4ki.svc.cluster.local', 'http://127.0.0.1:1']) {
    t.equal(await probeOf(address)(), undefined, address)
  }
})
