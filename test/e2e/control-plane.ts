import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { run, type Running, until } from './process.ts'

/**
 * The address of the node, on an interface that connects to no other machine. At this address, pods reach the API
 * server and the kubelet.
 */
export const NODE_ADDRESS = '10.89.0.1'
export const NODE = 'e2e'
const SERVICES = '10.96.0.0/16'
export const DNS_ADDRESS = '10.96.0.10'

/**
 * The users of the API server. Each user has a token. `system:masters` may do everything; the other users have the
 * rights of their role.
 */
const USERS = {
  admin: ['admin', 'system:masters'],
  controllers: ['system:kube-controller-manager'],
  scheduler: ['system:kube-scheduler'],
  proxy: ['system:kube-proxy'],
  [NODE]: [`system:node:${NODE}`, 'system:nodes']
}

export interface ControlPlane {
  /** The path of the kubeconfig of the administrator. */
  kubeconfig: string
  kubeconfigOf: (user: keyof typeof USERS) => string
  kubectl: (args: string[], input?: string) => string
  parts: Running[]
  /** The path of a CA certificate. The kubelet accepts a client certificate of this CA as the one of the API server. */
  kubeletClientAuthority: string
}

/** Starts a real etcd, API server, controller manager and scheduler on this machine. */
export async function startControlPlane (
  { dir, logs, kubernetes, debian }: { dir: string, logs: string, kubernetes: string, debian: string }
): Promise<ControlPlane> {
  const pki = join(dir, 'pki')
  mkdirSync(pki, { recursive: true })
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const signingKey = join(pki, 'service-accounts.key')
  writeFileSync(signingKey, privateKey.export({ type: 'pkcs1', format: 'pem' }), { mode: 0o600 })
  const tokens = Object.fromEntries(Object.keys(USERS).map((user) => [user, randomBytes(16).toString('hex')]))
  const tokenFile = join(pki, 'tokens.csv')
  writeFileSync(
    tokenFile,
    Object.entries(USERS).map(([user, [name, ...groups]]) => `${tokens[user]},${name},${user},"${groups.join()}"\n`)
      .join(''),
    { mode: 0o600 }
  )

  const kubeletClient = clientCertificate(pki, debian)

  const parts = [
    run(logs, 'etcd', [
      `${debian}/usr/bin/etcd`,
      '--data-dir',
      join(dir, 'etcd'),
      '--listen-client-urls',
      'http://127.0.0.1:2379',
      '--advertise-client-urls',
      'http://127.0.0.1:2379',
      '--listen-peer-urls',
      'http://127.0.0.1:2380'
    ])
  ]
  parts.push(
    run(logs, 'kube-apiserver', [
      kubernetes,
      'kube-apiserver',
      '--etcd-servers',
      'http://127.0.0.1:2379',
      '--bind-address',
      '0.0.0.0',
      '--advertise-address',
      NODE_ADDRESS,
      '--cert-dir',
      pki,
      '--service-cluster-ip-range',
      SERVICES,
      '--service-account-issuer',
      'https://kubernetes.default.svc.cluster.local',
      '--service-account-key-file',
      signingKey,
      '--service-account-signing-key-file',
      signingKey,
      '--token-auth-file',
      tokenFile,
      '--authorization-mode',
      'Node,RBAC',
      '--enable-admission-plugins',
      'NodeRestriction',
      '--kubelet-client-certificate',
      kubeletClient.certificate,
      '--kubelet-client-key',
      kubeletClient.key,
      '--kubelet-preferred-address-types',
      'InternalIP',
      '--allow-privileged=true'
    ])
  )
  // The API server signs its own certificate. This file also contains the CA certificate.
  const authority = join(pki, 'apiserver.crt')
  const kubeconfigOf = (user: string): string => {
    const path = join(dir, `${user}.kubeconfig`)
    writeFileSync(
      path,
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'Config',
        clusters: [{
          name: 'e2e',
          cluster: {
            server: 'https://127.0.0.1:6443',
            'certificate-authority': authority,
            'tls-server-name': 'kubernetes.default.svc'
          }
        }],
        users: [{ name: user, user: { token: tokens[user] } }],
        contexts: [{ name: 'e2e', context: { cluster: 'e2e', user } }],
        'current-context': 'e2e'
      }),
      { mode: 0o600 }
    )
    return path
  }
  const kubeconfig = kubeconfigOf('admin')
  const kubectl = (args: string[], input?: string): string =>
    execFileSync(kubernetes, ['kubectl', '--kubeconfig', kubeconfig, ...args], {
      encoding: 'utf8',
      maxBuffer: 2 ** 28,
      stdio: ['pipe', 'pipe', 'pipe'],
      ...(input !== undefined && { input })
    })

  await until('the API server is ready', async () => kubectl(['get', '--raw', '/readyz']) === 'ok', { needs: parts })
  parts.push(
    run(logs, 'kube-controller-manager', [
      kubernetes,
      'kube-controller-manager',
      '--kubeconfig',
      kubeconfigOf('controllers'),
      '--service-account-private-key-file',
      signingKey,
      '--root-ca-file',
      authority,
      '--use-service-account-credentials=true',
      '--leader-elect=false'
    ])
  )
  parts.push(
    run(logs, 'kube-scheduler', [
      kubernetes,
      'kube-scheduler',
      '--kubeconfig',
      kubeconfigOf('scheduler'),
      '--leader-elect=false'
    ])
  )
  return { kubeconfig, kubeconfigOf, kubectl, parts, kubeletClientAuthority: kubeletClient.authority }
}

/**
 * Makes the client certificate that the API server shows to the kubelet, and the CA that the kubelet checks it with.
 * Returns the paths.
 */
function clientCertificate (pki: string, debian: string): { authority: string, certificate: string, key: string } {
  const at = (file: string): string => join(pki, file)
  const env = { ...process.env, LD_LIBRARY_PATH: `${debian}/usr/lib/x86_64-linux-gnu`, OPENSSL_CONF: '/dev/null' }
  const openssl = (...args: string[]): void => {
    execFileSync(`${debian}/usr/bin/openssl`, args, { env, stdio: 'pipe' })
  }
  openssl(
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-days',
    '2',
    '-subj',
    '/CN=kubelet-clients',
    '-keyout',
    at('clients.key'),
    '-out',
    at('clients.crt')
  )
  openssl(
    'req',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-subj',
    '/O=system:masters/CN=kube-apiserver',
    '-keyout',
    at('kubelet-client.key'),
    '-out',
    at('kubelet-client.csr')
  )
  writeFileSync(at('client.ext'), 'extendedKeyUsage=clientAuth\n')
  openssl(
    'x509',
    '-req',
    '-in',
    at('kubelet-client.csr'),
    '-CA',
    at('clients.crt'),
    '-CAkey',
    at('clients.key'),
    '-CAcreateserial',
    '-days',
    '2',
    '-extfile',
    at('client.ext'),
    '-out',
    at('kubelet-client.crt')
  )
  return { authority: at('clients.crt'), certificate: at('kubelet-client.crt'), key: at('kubelet-client.key') }
}
