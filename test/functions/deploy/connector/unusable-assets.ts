import t from 'tap'
import { unusableAssets } from '../../../../functions/deploy/connector/unusable-assets.ts'
import { templates } from '../../../support/deploy-server.ts'

await t.test('the assets whose template is missing or cannot be used, with the reason', async (t) => {
  const assets = { good: { template: 'test' }, gone: { template: 'gone' }, broken: { template: 'broken' }, none: {} }
  const folder = { usable: templates, refused: new Map([['broken.yaml', 'it is not a Job']]) }
  t.strictSame(unusableAssets({ name: 'a', protocol: 'edc-signaling', assets }, folder), [
    'the asset gone names the template gone, which does not exist; every transfer of it is refused',
    'the asset broken names the template broken, which cannot be used: it is not a Job; every transfer of it is refused',
    'the asset none names no template; every transfer of it is refused'
  ])
  t.equal(unusableAssets({ name: 'a', protocol: 'http-provisioner', assets }, folder).length, 2)
  t.strictSame(unusableAssets({ name: 'a', protocol: 'edc-signaling' }, folder), [])
})
