import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { readYamlDocuments } from '../../shared/settings/read-yaml.ts'

/** A Kubernetes object of any kind. */
export type Manifest = {
  apiVersion: string
  kind: string
  metadata: { name: string, namespace?: string, labels?: Record<string, string>, annotations?: Record<string, string> }
} & Record<string, any>

/** Reads the objects of all YAML files in a folder and its subfolders, without kustomizations. */
export function readYaml (folder: string): Manifest[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.yaml') && !name.endsWith('kustomization.yaml'))
    .sort()
    .flatMap((name) => readYamlDocuments(readFileSync(join(folder, name), 'utf8')) as Manifest[])
}

/** The objects that the overlays install on a cluster. Job templates are left out. */
export function readInstalled (): Manifest[] {
  return ['base', 'components', 'overlays'].flatMap((folder) => readYaml(join('knative', folder))).filter((
    { metadata }
  ) => metadata.annotations?.['gx4ki.io/results'] === undefined)
}
