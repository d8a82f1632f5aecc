import type { Target } from '../../../shared/job/callbacks/target.ts'
import type { CallbackKind } from './callback-kind.ts'
import { dataplaneSignaling } from '../connector/dataplane-signaling.ts'
import { edcSignaling } from '../connector/edc-signaling.ts'
import { httpProvisioner } from '../connector/http-provisioner.ts'
import { sink } from './sink.ts'
import { webhook } from './webhook.ts'

const kinds: { [K in Target['kind']]: CallbackKind<Extract<Target, { kind: K }>> } = {
  webhook,
  sink,
  'http-provisioner': httpProvisioner,
  'edc-signaling': edcSignaling,
  'dataplane-signaling': dataplaneSignaling
}

export function kindOf (target: Target): CallbackKind<Target> {
  return kinds[target.kind] as CallbackKind<Target>
}
