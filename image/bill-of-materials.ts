import { npmPackage, type NpmPackage } from './bundled-packages.ts'
import type { DebianPackage } from './unpack-debian.ts'

/** The contents of the image as CycloneDX 1.6: the bundled npm packages, Node, and the Debian packages. */
export function billOfMaterials (npm: NpmPackage[], debian: DebianPackage[]): object {
  const { name, version, license } = npmPackage('.')
  const node = npmPackage('node_modules/node')
  return {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: { component: { type: 'container', 'bom-ref': name, name, version, licenses: [{ expression: license }] } },
    components: [
      ...npm.map((found) => npmComponent('library', found)),
      // Vulnerability scanners find Node by its CPE.
      { ...npmComponent('platform', node), cpe: `cpe:2.3:a:nodejs:node.js:${node.version}:*:*:*:*:*:*:*` },
      ...debian.map(({ name, version, architecture }) =>
        component(
          'library',
          `pkg:deb/debian/${encodeURIComponent(name)}@${encodeURIComponent(version)}?arch=${architecture}`,
          name,
          version
        )
      )
    ]
  }
}

function npmComponent (type: string, { name, version, license }: NpmPackage) {
  return {
    ...component(type, `pkg:npm/${name.replace('@', '%40')}@${version}`, name, version),
    ...(license && { licenses: [{ expression: license }] })
  }
}

function component (
  type: string,
  purl: string,
  name: string,
  version: string
) {
  return { type, 'bom-ref': purl, name, version, purl }
}
