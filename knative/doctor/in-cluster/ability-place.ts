import type { Presign } from '../../../functions/result-upload/presign.ts'
import type { Store } from '../../../shared/store/open-store.ts'

/** Where an ability is tested: its own prefix, which is emptied afterwards. */
export interface Place {
  store: Store
  presign: Presign
  prefix: string
}

export function expect (holds: boolean, otherwise: string): asserts holds {
  if (!holds) throw new Error(otherwise)
}
