import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { loadAll } from 'js-yaml'

/** Any object of a manifest, without a type of its own. */
export type Manifest = {
  apiVersion: string
  kind: string
  metadata: { name: string, namespace?: string, labels?: Record<string, string>, annotations?: Record<string, string> }
} & Record<string, any>

/** The objects of all YAML files in and below a folder, kustomizations left out. */
export function readYaml (folder: string): Manifest[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.yaml') && !name.endsWith('kustomization.yaml'))
    .sort()
    .flatMap((name) => loadAll(readFileSync(join(folder, name), 'utf8')) as Manifest[])
}

/** What a cluster gets from whatever overlay. */
export function readInstalled (): Manifest[] {
  return ['base', 'components', 'overlays'].flatMap((folder) => readYaml(join('knative', folder))).filter((
    { metadata }
  ) => metadata.annotations?.['gx4ki.io/results'] === undefined)
}
