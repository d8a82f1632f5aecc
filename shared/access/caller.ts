/**
 * What a credential allows. `metrics:read` allows only the counts of the jobs of all owners. `admin` allows everything,
 * with the jobs of all owners.
 */
export const scopes = ['jobs:read', 'jobs:write', 'metrics:read', 'admin'] as const
export type Scope = typeof scopes[number]

export interface Caller {
  /** The owner of the caller's jobs. Absent when no credentials are required. */
  owner?: string
  scopes: ReadonlySet<Scope>
}

/** The caller when no credentials are required. It may do everything. */
export const anybody: Caller = { scopes: new Set(['admin']) }

/** A caller without a valid credential. It may do nothing. */
export const nobody: Caller = { scopes: new Set() }

export function may ({ scopes }: Caller, scope: Scope): boolean {
  return scopes.has(scope) || scopes.has('admin')
}

/**
 * The owner whose jobs a caller sees. `undefined`: the caller sees all jobs. The empty string, which owns no job: the
 * caller sees none.
 */
export function seenOwner ({ owner = '', scopes }: Caller): string | undefined {
  return scopes.has('admin') ? undefined : owner
}
