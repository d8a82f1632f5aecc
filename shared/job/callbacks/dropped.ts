import type { Callback } from './callback.ts'

/** The callback when it is not needed any more. An owed one is not tried again; its tries stay in the record. */
export function dropped (callback: Callback): Callback {
  if (callback.state !== 'owed') return callback
  const { due_at: _, extra: __, again_at: ___, ...rest } = callback
  return { ...rest, state: 'dropped' }
}
