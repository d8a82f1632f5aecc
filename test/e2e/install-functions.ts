import { randomBytes } from 'node:crypto'
import { chownSync, cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { ControlPlane } from './control-plane.ts'

/** Applies the very manifests of knative/overlays/minikube, as docs/install.md says, and waits until Knative calls all of it ready. */
export function installFunctions ({ kubectl }: ControlPlane, dir: string): void {
  const manifests = join(dir, 'knative')
  cpSync(resolve('knative'), manifests, { recursive: true, filter: (path) => !path.endsWith('.ts') && !path.endsWith('.env') })
  cpSync(join(import.meta.dirname, 'overlay'), join(manifests, 'overlays/e2e'), { recursive: true })
  const secret = (): string => randomBytes(24).toString('base64url')
  writeFileSync(join(manifests, 'overlays/minikube/store.env'), `access-key=${secret()}\nsecret-key=${secret()}\n`)
  for (const name of ['job-token', 'result-token']) writeFileSync(join(manifests, `overlays/minikube/${name}.env`), `key=${secret()}\n`)
  mkdirSync('/var/lib/minio', { recursive: true })
  chownSync('/var/lib/minio', 1000, 1000)
  kubectl(['apply', '-k', join(manifests, 'overlays/e2e')])
  kubectl(['wait', '--for=condition=Available', '--timeout=120s', '-n', 'gx4ki', 'deployment', '--selector=!serving.knative.dev/service'])
  kubectl(['wait', '--for=condition=Ready', '--timeout=180s', '-n', 'gx4ki', 'ksvc,broker,trigger,pingsource', '--all'])
  kubectl(['wait', '--for=condition=Ready', '--timeout=120s', '-n', 'gx4ki-jobs', 'apiserversource', '--all'])
}
