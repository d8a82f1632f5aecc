import type { Keys } from './keys.ts'
import type { Manifests } from './manifests.ts'
import type { LocalStore } from './store/store.ts'

/** Settings of the functions that the local host takes from its own environment. */
export const TAKEN = [
  'PUBLIC_URL',
  'S3_BUCKET',
  'S3_PUBLIC_ENDPOINT',
  'TEMPLATES_DIR',
  'DEFAULT_TEMPLATE',
  'CONNECTORS_DIR',
  'CONNECTOR_SECRETS_DIR',
  'WEBHOOK_SECRETS_DIR',
  'WEBHOOK_DEFAULT_SECRET',
  'EGRESS_ALLOWED_ORIGINS',
  'API_KEYS_DIR'
]

/** The ConfigMaps with the addresses of this machine, and Secrets with its keys. */
export function localSettings (
  manifests: Manifests,
  { store, keys, kubeconfig, uploadUrl, publicUrl, brokerUrl, empty, templates }:
    & { store: LocalStore, keys: Keys }
    & Record<'kubeconfig' | 'uploadUrl' | 'publicUrl' | 'brokerUrl' | 'empty' | 'templates', string>
) {
  const configMaps = Object.fromEntries(manifests['v1/ConfigMap'].map(({ metadata, data }) => [metadata.name, data]))
  const chosen = Object.fromEntries(TAKEN.flatMap((name) => process.env[name] ? [[name, process.env[name]]] : []))
  configMaps['gx4ki-settings'] = {
    ...configMaps['gx4ki-settings'],
    S3_ENDPOINT: store.endpoint,
    S3_REGION: store.region,
    KUBECONFIG: kubeconfig,
    UPLOAD_URL: uploadUrl,
    PUBLIC_URL: publicUrl,
    BROKER_URL: brokerUrl,
    CONNECTORS_DIR: empty,
    CONNECTOR_SECRETS_DIR: empty,
    WEBHOOK_SECRETS_DIR: empty,
    TEMPLATES_DIR: templates,
    ...chosen
  }
  const secrets = {
    'gx4ki-store': { 'access-key': store.accessKey, 'secret-key': store.secretKey },
    'gx4ki-job-token': { key: keys.jobToken },
    'gx4ki-result-token': { key: keys.resultToken }
  }
  return { configMaps, secrets }
}
