import t from 'tap'
import { newKeys } from '../../../knative/local/keys.ts'
import { localSettings } from '../../../knative/local/local-settings.ts'
import { readManifests } from '../../../knative/local/manifests.ts'
import type { LocalStore } from '../../../knative/local/store/store.ts'

const settings = (): Record<string, string> =>
  localSettings(readManifests('knative/base'), {
    store: { endpoint: 'http://127.0.0.1:1', accessKey: 'a', secretKey: 's', region: 'r' } as LocalStore,
    keys: newKeys(),
    kubeconfig: 'k',
    uploadUrl: 'u',
    publicUrl: 'http://127.0.0.1:8080',
    brokerUrl: 'b',
    empty: '/empty',
    templates: '/templates'
  }).configMaps['gx4ki-settings']!

await t.test('PUBLIC_URL and other settings of the environment hold for the local host', async (t) => {
  const { PUBLIC_URL: before } = process.env
  t.teardown(() => {
    if (before === undefined) delete process.env.PUBLIC_URL
    else process.env.PUBLIC_URL = before
  })
  delete process.env.PUBLIC_URL
  t.match(settings(), { PUBLIC_URL: 'http://127.0.0.1:8080', BROKER_URL: 'b', CONNECTORS_DIR: '/empty' })
  process.env.PUBLIC_URL = 'https://jobs.example.org'
  t.equal(settings()['PUBLIC_URL'], 'https://jobs.example.org')
})
