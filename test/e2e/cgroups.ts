import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const ROOT = '/sys/fs/cgroup'
/**
 * The kubelet of the test cluster creates all its cgroups below this one: in each hierarchy (cgroup v1), or in the only
 * one (v2).
 */
export const CGROUP = 'gx4ki-e2e'

function hierarchies (): string[] {
  if (existsSync(join(ROOT, 'cgroup.controllers'))) return [ROOT]
  return readdirSync(ROOT, { withFileTypes: true }).filter((entry) => entry.isDirectory()).map(({ name }) =>
    join(ROOT, name)
  )
}

export function makeCgroups (): void {
  for (const hierarchy of hierarchies()) {
    const group = join(hierarchy, CGROUP)
    mkdirSync(group, { recursive: true })
    // In cgroup v1, a new cpuset has no CPUs and no memory nodes. No process can join it until both are set.
    for (const file of ['cpuset.cpus', 'cpuset.mems']) {
      if (existsSync(join(group, file)) && !existsSync(join(ROOT, 'cgroup.controllers'))) {
        writeFileSync(join(group, file), readFileSync(join(hierarchy, file)))
      }
    }
  }
}

/** Call this only after all processes in these cgroups have ended. */
export function removeCgroups (): void {
  for (const hierarchy of hierarchies()) {
    if (existsSync(join(hierarchy, CGROUP))) removeTree(join(hierarchy, CGROUP))
  }
}

/** Removes the folders only. The kernel removes the files in a cgroup together with its folder. */
function removeTree (group: string): void {
  for (const entry of readdirSync(group, { withFileTypes: true })) {
    if (entry.isDirectory()) removeTree(join(group, entry.name))
  }
  rmdirSync(group)
}
