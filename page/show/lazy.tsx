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
  const { value: Loaded, error, again } = useLoaded(async () => await load().catch((cause) => {
    // Its files are named for their content, and another version of the page has other ones.
    throw new Error(
      `The code for ${what} cannot be loaded: the server cannot be reached, or has a new version; then reload this page`,
      { cause }
    )
  }), [])
  if (error !== undefined) return <Failure error={error} again={again} />
  return Loaded === undefined ? <Loading what={what} /> : <Loaded {...options} />
}
