/** What a credential is good for; `admin` is for everything, and of everybody. */
export const scopes = ['jobs:read', 'jobs:write', 'admin'] as const
export type Scope = typeof scopes[number]

export interface Caller {
  /** Whose jobs are his; absent where nobody is asked for credentials. */
  owner?: string
  scopes: ReadonlySet<Scope>
}

/** Where nobody is asked for credentials, everybody may do everything. */
export const anybody: Caller = { scopes: new Set(['admin']) }

/** Who has shown nothing that is good for anything. */
export const nobody: Caller = { scopes: new Set() }

export function may ({ scopes }: Caller, scope: Scope): boolean {
  return scopes.has(scope) || scopes.has('admin')
}

/** The owner of the jobs that a caller sees; `undefined` when he sees all, and no owner at all when he sees none. */
export function seenOwner ({ owner = '', scopes }: Caller): string | undefined {
  return scopes.has('admin') ? undefined : owner
}
