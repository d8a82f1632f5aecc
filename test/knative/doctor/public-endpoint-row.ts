import t from 'tap'
import { publicEndpointRow } from '../../../knative/doctor/in-cluster/public-endpoint-row.ts'
import { openStore } from '../../../shared/store/open-store.ts'
import { closedUrl } from '../../support/closed-url.ts'
import { httpServer } from '../../support/http-server.ts'
import { testStore } from '../../support/store.ts'

const store = await testStore(t)

await t.test('the address of the store for callers is tried, when there is one', async (t) => {
  const row = async (endpoint: string, of = openStore(store.settings)) =>
    await publicEndpointRow(of, { S3_PUBLIC_ENDPOINT: endpoint })
  t.equal(await row(''), undefined)
  t.match(await row(store.settings.S3_ENDPOINT), { verdict: 'works' })
  t.match(await row(await closedUrl()), { verdict: 'degraded', seen: /ECONNREFUSED/, mend: /docs\/results.md/ })
  const website = await httpServer(t, (_, response) => response.end('<html>'))
  t.match(await row(website.url), { verdict: 'broken', seen: /answered with 200 instead of 404 NoSuchKey/ })
  const key = openStore({ ...store.settings, S3_SECRET_KEY: 'another' })
  t.match(await row(store.settings.S3_ENDPOINT, key), { verdict: 'broken', seen: /403 SignatureDoesNotMatch/ })
})
