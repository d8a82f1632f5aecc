import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import type { Test } from 'tap'
import { ENVIRONMENT } from '../../image/environment.ts'
import { poll } from '../support/poll.ts'
import { readYaml } from '../support/read-yaml.ts'

const MIB = 1024 * 1024

/** What V8 takes for its heap of a memory limit of 512 MiB. */
const HEAP_MIB = 259

/** The memory limit of a function on a cluster, in MiB. */
function limitOf (name: string): number {
  const service = readYaml('knative/base').find(({ kind, metadata }) => kind === 'Service' && metadata.name === name)
  return parseInt(service!['spec'].template.spec.containers[0].resources.limits.memory)
}

/**
 * Runs the bundle of a function with the memory that it has on a cluster: in a cgroup where that is possible, which
 * needs root, and else only with the same limit of the heap.
 */
export async function runFunction (t: Test, name: string, env: Record<string, string>) {
  const limit = limitOf(name)
  const child = spawn(process.execPath, [`--max-old-space-size=${HEAP_MIB}`, `dist/${name}.cjs`], {
    env: { ...ENVIRONMENT, PATH: process.env['PATH'], PORT: '0', LOG_LEVEL: 'info', ...env },
    stdio: ['ignore', 'pipe', 'pipe']
  })
  let out = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (out = (out + chunk).slice(-20_000)))
  const leave = confine(child.pid!, limit)
  t.teardown(async () => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL')
      await once(child, 'exit')
    }
    leave?.()
  })
  const url = await poll(`${name} listens`, () => {
    if (child.exitCode !== null) throw new Error(`${name} ended: ${out}`)
    return /http:\/\/127\.0\.0\.1:\d+/.exec(out)?.[0]
  })
  return {
    name,
    limit,
    url,
    isConfined: leave !== undefined,
    output: () => out,
    /** The most memory that the process has had, in MiB. */
    peak: () => Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))![1]) / 1024,
    ping: async (): Promise<number> => {
      const headers = { 'ce-id': '1', 'ce-source': '/ping', 'ce-specversion': '1.0', 'ce-type': 'dev.knative.sources.ping' }
      return (await fetch(url, { method: 'POST', headers })).status
    }
  }
}

/** Limits the memory of a process. Returns what removes the limit; `undefined` where there can be none. */
function confine (pid: number, mib: number): (() => void) | undefined {
  const group = `/sys/fs/cgroup/gx4ki-scale-${pid}`
  if (!existsSync('/sys/fs/cgroup/cgroup.controllers')) return undefined
  try {
    mkdirSync(group)
    writeFileSync(`${group}/memory.max`, String(mib * MIB))
    writeFileSync(`${group}/cgroup.procs`, String(pid))
    return () => rmdirSync(group)
  } catch {
    return undefined
  }
}
