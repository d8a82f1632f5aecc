import { readFileSync } from 'node:fs'
import type { Metafile } from 'esbuild'

export interface NpmPackage {
  name: string
  version: string
  /** An SPDX expression. */
  license?: string
  folder: string
}

/** The npm packages with at least one byte in a bundle, according to the metafile of build.ts. Each version once. */
export function bundledPackages ({ outputs }: Metafile): NpmPackage[] {
  const files = Object.values(outputs).flatMap(({ inputs }) =>
    Object.keys(inputs).filter((file) => inputs[file]!.bytesInOutput > 0)
  )
  // The last match, because a package can be in the folder of another package.
  const folders = files.flatMap((file) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0] ?? [])
  const packages = new Map(
    [...new Set(folders)].map(npmPackage).map((found) => [`${found.name}@${found.version}`, found])
  )
  return [...packages.keys()].sort().map((key) => packages.get(key)!)
}

export function npmPackage (folder: string): NpmPackage {
  const { name, version, license } = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8')) as NpmPackage
  return { name, version, ...(license && { license }), folder }
}
