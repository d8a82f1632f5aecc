import { randomBytes } from 'node:crypto'
import { chownSync, cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { readYamlDocuments } from '../../shared/settings/read-yaml.ts'
import type { ControlPlane } from './control-plane.ts'
import { withoutServing } from './without-serving.ts'

/**
 * Applies the overlay knative/overlays/minikube as docs/install.md describes it, with the additions of
 * test/e2e/overlay, and waits until Knative reports all parts ready. With `lean` it applies the manifests for a cluster
 * without Serving.
 */
export async function installFunctions (
  { kubectl }: ControlPlane,
  dir: string,
  { lean }: { lean: boolean }
): Promise<void> {
  const manifests = join(dir, 'knative')
  cpSync(resolve('knative'), manifests, {
    recursive: true,
    filter: (path) => !path.endsWith('.ts') && !path.endsWith('.env')
  })
  cpSync(join(import.meta.dirname, 'overlay'), join(manifests, 'overlays/e2e'), { recursive: true })
  const secret = (): string => randomBytes(24).toString('base64url')
  writeFileSync(join(manifests, 'overlays/minikube/store.env'), `access-key=${secret()}\nsecret-key=${secret()}\n`)
  for (const name of ['job-token', 'result-token']) {
    writeFileSync(join(manifests, `overlays/minikube/${name}.env`), `key=${secret()}\n`)
  }
  mkdirSync('/var/lib/minio', { recursive: true })
  chownSync('/var/lib/minio', 1000, 1000)
  const overlay = join(manifests, 'overlays/e2e')
  const all = readYamlDocuments(kubectl(['kustomize', overlay])) as Parameters<typeof withoutServing>[0]
  await unlessWebhooksAreAway(() =>
    lean
      ? kubectl(['apply', '-f', '-'], withoutServing(all).map((manifest) => JSON.stringify(manifest)).join('\n---\n'))
      : kubectl(['apply', '-k', overlay])
  )
  kubectl([
    'wait',
    '--for=condition=Available',
    '--timeout=120s',
    '-n',
    'gx4ki',
    'deployment',
    '--selector=!serving.knative.dev/service'
  ])
  kubectl([
    'wait',
    '--for=condition=Ready',
    '--timeout=180s',
    '-n',
    'gx4ki',
    `${lean ? '' : 'ksvc,'}broker,trigger,pingsource`,
    '--all'
  ])
  kubectl(['wait', '--for=condition=Ready', '--timeout=120s', '-n', 'gx4ki-jobs', 'apiserversource', '--all'])
}

/**
 * Calls `apply` again when a Knative webhook did not answer. When all pods of the functions start on two cores, a
 * webhook can miss a probe and be out of service for a second.
 */
async function unlessWebhooksAreAway (apply: () => unknown): Promise<void> {
  for (let tries = 5; ; tries--) {
    try {
      apply()
      return
    } catch (error) {
      if (tries === 1 || !(error as Error).message.includes('failed calling webhook')) throw error
      await sleep(3000)
    }
  }
}
