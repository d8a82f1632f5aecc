import { readFileSync } from 'node:fs'
import type { Metafile } from 'esbuild'
import type { DebianPackage } from './fetch-debian.ts'

interface PackageJson {
  name: string
  version: string
  description?: string
  license?: string
}

/** What is in the image, as CycloneDX 1.6: the npm packages of which a bundle has a line, Node, and the Debian packages. */
export function billOfMaterials (debian: DebianPackage[]): object {
  const own = packageJson('.')
  const node = packageJson('node_modules/node')
  const npm = bundledPackages().map((folder) => packageJson(folder))
  return {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: { component: { type: 'container', 'bom-ref': own.name, name: own.name, version: own.version, ...licensed(own) } },
    components: [
      ...npm.map((found) => ({ ...component('library', npmUrl(found), found), ...licensed(found) })),
      component('platform', npmUrl(node), { name: 'node', version: node.version, cpe: `cpe:2.3:a:nodejs:node.js:${node.version}:*:*:*:*:*:*:*` }),
      ...debian.map(({ name, version, architecture }) => component('library', `pkg:deb/debian/${encodeURIComponent(name)}@${encodeURIComponent(version)}?arch=${architecture}`, { name, version }))
    ]
  }
}

/** Folders of packages, found by the bundler's own account of its inputs, those without a byte in the output left out. */
function bundledPackages (): string[] {
  const { outputs } = JSON.parse(readFileSync('dist/metafile.json', 'utf8')) as Metafile
  const files = Object.values(outputs).flatMap(({ inputs }) => Object.keys(inputs).filter((file) => inputs[file]!.bytesInOutput > 0))
  // The last one: a package may lie in the folder of another.
  const folders = files.flatMap((file) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0] ?? [])
  return [...new Set(folders)].sort()
}

function packageJson (folder: string): PackageJson {
  return JSON.parse(readFileSync(`${folder}/package.json`, 'utf8')) as PackageJson
}

function component (type: string, purl: string, { name, version, cpe }: { name: string, version: string, cpe?: string }) {
  return { type, 'bom-ref': purl, name, version, ...(cpe && { cpe }), purl }
}

function npmUrl ({ name, version }: PackageJson): string {
  return `pkg:npm/${name.replace('@', '%40')}@${version}`
}

function licensed ({ license }: PackageJson) {
  return license ? { licenses: [{ expression: license }] } : {}
}
