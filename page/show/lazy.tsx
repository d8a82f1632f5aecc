import type { FunctionComponent } from 'preact'
import { Failure } from './failure.tsx'
import { Loading } from './loading.tsx'
import { useLoaded } from './use-loaded.ts'

interface LazyOptions<P> {
  what: string
  load: () => Promise<FunctionComponent<P>>
  options: P
}

/** A view whose code is loaded when it is needed. */
export function Lazy<P extends object> ({ what, load, options }: LazyOptions<P>) {
  const { value: Loaded, error, again } = useLoaded(load, [])
  if (error !== undefined) return <Failure error={error} again={again} />
  return Loaded === undefined ? <Loading what={what} /> : <Loaded {...options} />
}
