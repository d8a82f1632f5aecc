import { unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { connectorsOf, originsOf, parseConnector } from '../../../shared/connector/connectors.ts'

await t.test('parses a connector with every field', async (t) => {
  const connector = parseConnector(`
name: provider
protocol: http-provisioner
management_url: http://provider:8081/management
callback_origins: ["http://provider:19192"]
assets_decide: true
assets:
  one: { template: drive, env: { DURATION: 15, MODE: fast }, result: { file: sub/drive.mcap } }
  two: { result: archive }
  three: {}
`)
  t.match(connector.assets, { one: { env: { DURATION: 15 } }, two: { result: 'archive' } })
  t.strictSame(originsOf(connector), ['http://provider:8081', 'http://provider:19192'])
})

const wrong: Record<string, [string, RegExp]> = {
  'no name': ['protocol: edc-signaling', /name is missing/],
  'a name that is not valid in a URL': ['name: A b\nprotocol: edc-signaling', /must match pattern/],
  'an unknown protocol': ['name: a\nprotocol: smoke', /must be equal to one of the allowed values/],
  'a misspelt field': [
    'name: a\nprotocol: edc-signaling\nmanagment_url: http://a',
    /managment_url is not one of name, protocol, management_url/
  ],
  'a key, which must not be in this file': [
    'name: a\nprotocol: edc-signaling\nkey: geheim',
    /key is not one of name, protocol/
  ],
  'an invalid URL': [
    'name: a\nprotocol: edc-signaling\nmanagement_url: provider:8081',
    /management_url must match/
  ],
  'a result file outside the results': [
    'name: a\nprotocol: edc-signaling\nassets: { x: { result: { file: ../secret } } }',
    /the result file of asset x/
  ],
  'assets_decide without a management_url': [
    'name: a\nprotocol: http-provisioner\nassets_decide: true',
    /needs the management_url/
  ],
  'a list instead of a mapping': ['- a', /not a connector/]
}
for (const [what, [yaml, message]] of Object.entries(wrong)) {
  await t.test(`refuses ${what}`, async (t) => {
    t.throws(() => parseConnector(yaml), message)
  })
}

await t.test('the folder is read at each call, and an invalid file does not affect other files', async (t) => {
  const folder = t.testdir({ 'a.yaml': 'name: a\nprotocol: edc-signaling', 'b.yml': 'name: b', 'notes.txt': 'x' })
  const { connectors } = connectorsOf('test', {
    CONNECTORS_DIR: folder,
    CONNECTOR_SECRETS_DIR: folder,
    RESULT_TOKEN_KEY: 'x'.repeat(32),
    PUBLIC_URL: 'http://here'
  })
  t.strictSame([...connectors().usable.keys()], ['a'])
  t.strictSame([...connectors().refused.keys()], ['b.yml'])
  writeFileSync(join(folder, 'b.yml'), 'name: b\nprotocol: edc-signaling')
  unlinkSync(join(folder, 'a.yaml'))
  t.strictSame([...connectors().usable.keys()], ['b'])
})

await t.test('what is wrong in a usable connector is told once each time its file changes', async (t) => {
  const folder = t.testdir({ 'a.yaml': 'name: a\nprotocol: edc-signaling\nassets: { x: { template: gone } }' })
  const checked: string[] = []
  const { connectors } = connectorsOf('test', {
    CONNECTORS_DIR: folder,
    CONNECTOR_SECRETS_DIR: folder,
    RESULT_TOKEN_KEY: 'x'.repeat(32),
    PUBLIC_URL: 'http://here'
  }, ({ assets }) => {
    checked.push(...Object.keys(assets ?? {}))
    return []
  })
  t.strictSame(checked, ['x'], 'already at the start')
  connectors()
  t.strictSame(checked, ['x'])
  writeFileSync(join(folder, 'a.yaml'), 'name: a\nprotocol: edc-signaling\nassets: { z: { template: gone } }')
  t.equal(connectors().usable.size, 1)
  connectors()
  t.strictSame(checked, ['x', 'z'])
})

await t.test('without a folder there are no connectors; with a folder all other settings are required', async (t) => {
  t.equal(connectorsOf('test', { PUBLIC_URL: '' }).connectors().usable.size, 0)
  t.throws(
    () => connectorsOf('test', { CONNECTORS_DIR: t.testdir({}), PUBLIC_URL: 'http://here' }),
    /CONNECTORS_DIR needs/
  )
  t.throws(
    () =>
      connectorsOf('test', {
        CONNECTORS_DIR: '/no/such/folder',
        CONNECTOR_SECRETS_DIR: '/',
        RESULT_TOKEN_KEY: 'x'.repeat(32),
        PUBLIC_URL: 'http://here'
      }),
    /cannot be read/
  )
})
