import { execFileSync } from 'node:child_process'
import { mkdirSync, realpathSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CGROUP, makeCgroups } from './cgroups.ts'
import { type ControlPlane, DNS_ADDRESS, NODE, NODE_ADDRESS } from './control-plane.ts'
import { run, type Running, until } from './process.ts'
import { REGISTRY_PORT } from './registry.ts'

const PODS = '10.88.0.0/16'
export const PAUSE = 'dev.local/pause:e2e'

/**
 * Mounts an empty tmpfs over each folder where the parts keep files, so that they leave nothing on the machine. Makes
 * the mounts shared, so that containers can see them.
 */
export function setUpMounts (): void {
  execFileSync('mount', ['--make-rshared', '/'])
  for (const path of ['/run', '/var/lib', '/var/log']) execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', path])
}

/**
 * Sets an address without a DNS server for names outside the cluster, so that a lookup fails at once and does not time
 * out.
 */
export function setUpNames (dir: string): void {
  const file = join(dir, 'resolv.conf')
  writeFileSync(file, 'nameserver 127.0.0.1\n')
  execFileSync('mount', ['--bind', file, realpathSync('/etc/resolv.conf')])
}

/** Creates the interfaces in the network namespace of the test cluster. */
export function setUpNetwork (): void {
  const ip = (...args: string[]): void => {
    execFileSync('ip', args)
  }
  ip('link', 'set', 'lo', 'up')
  ip('link', 'add', 'node0', 'type', 'bridge')
  ip('address', 'add', `${NODE_ADDRESS}/32`, 'dev', 'node0')
  ip('link', 'set', 'node0', 'up')
  // The addresses of Kubernetes Services need a route. Without one, a packet is dropped before kube-proxy's rules
  // change its destination.
  ip('route', 'add', 'default', 'dev', 'node0')
  writeFileSync('/proc/sys/net/ipv4/ip_forward', '1')
}

/**
 * Starts the only node: containerd, runc, kubelet, kube-proxy with real rules, and a veth pair for each pod. Call it
 * only in separate mount, network and process namespaces, because it mounts over /run and /var and adds routes and
 * rules.
 */
export async function startNode (
  { dir, logs, kubernetes, debian, plane }: {
    dir: string
    logs: string
    kubernetes: string
    debian: string
    plane: ControlPlane
  }
) {
  const programs = {
    PATH: `${debian}/usr/sbin:${debian}/usr/bin:/usr/sbin:/usr/bin:/sbin:/bin`,
    LD_LIBRARY_PATH: `${debian}/usr/lib/x86_64-linux-gnu:${debian}/lib/x86_64-linux-gnu`
  }
  const cni = join(dir, 'cni')
  mkdirSync(cni, { recursive: true })
  writeFileSync(
    join(cni, '10-pods.conflist'),
    JSON.stringify({
      cniVersion: '1.0.0',
      name: 'pods',
      // Not a bridge: a packet from pod to pod must pass the routes of the node, so that kube-proxy's rules also apply
      // to the answer.
      plugins: [{
        type: 'ptp',
        mtu: 1500,
        ipam: { type: 'host-local', ranges: [[{ subnet: PODS }]], routes: [{ dst: '0.0.0.0/0' }] }
      }]
    })
  )
  const socket = '/run/containerd/containerd.sock'
  // The test of the CARLA template starts the registry that stands in for harbor.example.org.
  const registries = join(dir, 'registries')
  mkdirSync(join(registries, 'harbor.example.org'), { recursive: true })
  writeFileSync(
    join(registries, 'harbor.example.org/hosts.toml'),
    `[host."http://${NODE_ADDRESS}:${REGISTRY_PORT}"]\ncapabilities = ["pull", "resolve"]\n`
  )
  const config = join(dir, 'containerd.toml')
  writeFileSync(
    config,
    `version = 2
root = "${dir}/containerd"
state = "/run/containerd"
[grpc]
address = "${socket}"
[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "${PAUSE}"
# Some machines do not let even root lower oom_score_adj.
restrict_oom_score_adj = true
disable_apparmor = true
[plugins."io.containerd.grpc.v1.cri".registry]
config_path = "${registries}"
[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = "${debian}/usr/lib/cni"
conf_dir = "${cni}"
`
  )
  const containerd = run(logs, 'containerd', [`${debian}/usr/bin/containerd`, '--config', config], programs)
  const ctr = (args: string[]): string =>
    execFileSync(`${debian}/usr/bin/ctr`, ['--address', socket, '--namespace', 'k8s.io', ...args], {
      encoding: 'utf8',
      env: { ...process.env, ...programs }
    })
  await until('containerd is up', async () => ctr(['version']), { needs: [containerd] })

  makeCgroups()
  const kubeletConfig = join(dir, 'kubelet.json')
  const resolv = join(dir, 'resolv.conf-of-pods')
  writeFileSync(resolv, '')
  writeFileSync(
    kubeletConfig,
    JSON.stringify({
      apiVersion: 'kubelet.config.k8s.io/v1beta1',
      kind: 'KubeletConfiguration',
      authentication: {
        webhook: { enabled: true },
        anonymous: { enabled: false },
        x509: { clientCAFile: plane.kubeletClientAuthority }
      },
      authorization: { mode: 'Webhook' },
      containerRuntimeEndpoint: `unix://${socket}`,
      cgroupDriver: 'cgroupfs',
      cgroupRoot: `/${CGROUP}`,
      cgroupsPerQOS: true,
      failCgroupV1: false,
      failSwapOn: false,
      oomScoreAdj: 0,
      address: NODE_ADDRESS,
      clusterDNS: [DNS_ADDRESS],
      clusterDomain: 'cluster.local',
      resolvConf: resolv,
      podLogsDir: join(logs, 'pods'),
      volumePluginDir: join(dir, 'volume-plugins'),
      // A full disk of the machine must not evict pods.
      evictionHard: {
        'memory.available': '100Mi',
        'nodefs.available': '0%',
        'nodefs.inodesFree': '0%',
        'imagefs.available': '0%'
      },
      imageGCHighThresholdPercent: 100,
      registerNode: true,
      syncFrequency: '10s',
      nodeStatusUpdateFrequency: '5s'
    })
  )
  const kubelet = run(logs, 'kubelet', [
    kubernetes,
    'kubelet',
    '--kubeconfig',
    plane.kubeconfigOf(NODE),
    '--config',
    kubeletConfig,
    '--root-dir',
    '/var/lib/kubelet',
    '--hostname-override',
    NODE,
    '--node-ip',
    NODE_ADDRESS,
    '--cert-dir',
    join(dir, 'kubelet-pki')
  ], programs)
  const proxy = run(logs, 'kube-proxy', [
    kubernetes,
    'kube-proxy',
    '--kubeconfig',
    plane.kubeconfigOf('proxy'),
    '--proxy-mode',
    'nftables',
    '--hostname-override',
    NODE,
    '--cluster-cidr',
    PODS,
    '--conntrack-max-per-core',
    '0',
    '--conntrack-tcp-timeout-established',
    '0',
    '--conntrack-tcp-timeout-close-wait',
    '0'
  ], programs)
  const parts: Running[] = [containerd, kubelet, proxy]
  await until(
    'the node is ready',
    async () =>
      plane.kubectl(['get', 'node', NODE, '-o', 'jsonpath={.status.conditions[?(@.type=="Ready")].status}']) === 'True',
    { needs: [...plane.parts, ...parts] }
  )
  return { ctr, parts, programs }
}
