import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { readYamlDocuments } from '../../shared/settings/read-yaml.ts'
import type { KubernetesObject } from '@kubernetes/client-node'

/** An object of this project as in its file, always with a name and a namespace. */
export type Manifest = KubernetesObject & {
  apiVersion: string
  kind: string
  metadata: { name: string, namespace: string }
}

const BASE = join(import.meta.dirname, '../base')

/** The objects of these kinds that every installation has. */
export function manifests (...kinds: string[]): Manifest[] {
  return globSync('*.yaml', { cwd: BASE }).filter((name) => name !== 'kustomization.yaml').sort()
    .flatMap((name) => readYamlDocuments(readFileSync(join(BASE, name), 'utf8')) as Manifest[])
    .filter(({ kind }) => kinds.includes(kind))
}
