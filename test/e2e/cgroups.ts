import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const ROOT = '/sys/fs/cgroup'
/** All that the bench's kubelet makes lies below it, in each hierarchy (cgroup v1) or in the one (v2). */
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
    // In v1 a new one has no cores and no memory node, and can hold no process, until it is given some.
    for (const file of ['cpuset.cpus', 'cpuset.mems']) {
      if (existsSync(join(group, file)) && !existsSync(join(ROOT, 'cgroup.controllers'))) {
        writeFileSync(join(group, file), readFileSync(join(hierarchy, file)))
      }
    }
  }
}

/** When all their processes have ended. */
export function removeCgroups (): void {
  for (const hierarchy of hierarchies()) {
    if (existsSync(join(hierarchy, CGROUP))) removeTree(join(hierarchy, CGROUP))
  }
}

/** Its files cannot be removed, and need not be. */
function removeTree (group: string): void {
  for (const entry of readdirSync(group, { withFileTypes: true })) {
    if (entry.isDirectory()) removeTree(join(group, entry.name))
  }
  rmdirSync(group)
}
