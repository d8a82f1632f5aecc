import t from 'tap'
import type { Connector } from '../../../../shared/connector/connectors.ts'
import { openStore } from '../../../../shared/store/open-store.ts'
import { apiKeyFolder } from '../../../support/api-keys.ts'
import { closedUrl } from '../../../support/closed-url.ts'
import { clusterAt } from '../../../support/cluster-at.ts'
import { deployWith } from '../../../support/deploy-server.ts'
import { httpServer } from '../../../support/http-server.ts'
import { storeSettingsOf } from '../../../support/store-settings.ts'
import { temporaryFolder } from '../../../support/temporary-folder.ts'

const table: Connector[] = [
  { name: 'edc', protocol: 'http-provisioner' },
  { name: 'plane', protocol: 'dataplane-signaling' }
]

await t.test('a guessed key of a connector counts as a wrong credential, and costs no request to the store', async (t) => {
  const { url: endpoint, received } = await httpServer(t, (_, response) => response.writeHead(500).end())
  for (
    const [path, bearer, challenge] of [
      ['/provision?connector=edc&key=guess', undefined, 'Bearer'],
      ['/connector/plane/guess/dataflows/start', undefined, 'Bearer'],
      ['/connector/plane/guess/dataflows/a/terminate', undefined, 'Bearer'],
      ['/dataflows/start', 'guess', 'Bearer error="invalid_token"'],
      ['/dataflows/start', undefined, 'Bearer']
    ] as const
  ) {
    const { url } = await deployWith(t, {
      store: openStore(storeSettingsOf(endpoint)),
      cluster: clusterAt(t, await closedUrl()),
      table,
      connectorSecrets: temporaryFolder(t, { 'edc.endpoint-key': 'the key', 'plane.endpoint-key': 'another key' }),
      callers: { ...apiKeyFolder(t).settings, REQUESTS_PER_MINUTE_PER_CALLER: 2 }
    })
    const statuses = []
    for (let i = 0; i < 3; i++) {
      const response = await fetch(url + path, {
        method: 'POST',
        // Not even JSON: the key comes first.
        headers: { 'content-type': 'application/json', ...bearer && { authorization: `Bearer ${bearer}` } },
        body: '{'
      })
      if (response.status === 401) t.equal(response.headers.get('www-authenticate'), challenge, path)
      statuses.push(response.status)
    }
    t.strictSame(statuses, [401, 401, 429], path)
    // A right key is not counted.
    const right = await fetch(`${url}/connector/plane/${encodeURIComponent('another key')}/dataflows/check`)
    t.equal(right.status, 200)
    t.equal((await fetch(`${url}/provision?connector=edc&key=a&key=b`, { method: 'POST' })).status, 429)
  }
  t.strictSame(received, [])
})
