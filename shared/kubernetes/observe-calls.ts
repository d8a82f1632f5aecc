import type { Dispatcher } from 'undici'
import { kubernetesErrors } from '../telemetry/metrics.ts'
import { startSpan } from '../telemetry/tracing.ts'

type Handler = Record<string | symbol, unknown>

/** Records a span for each call of the Kubernetes API, and counts the calls that failed. */
export const observeCalls: Dispatcher.DispatcherComposeInterceptor = (dispatch) => (options, handler) => {
  const call = `${options.method} ${resourceIn(options.path)}`
  const end = startSpan(call, {
    'http.request.method': options.method,
    'url.path': pathOf(options.path),
    'server.address': String(options.origin)
  })
  let status: number | undefined
  const observed: Record<string, (_: unknown, told: never) => void> = {
    onResponseStart (_, code: number) {
      status = code
      // 404 and 409 are normal: the functions often ask for absent objects, and create objects that already exist.
      if (code >= 400 && code !== 404 && code !== 409) kubernetesErrors.inc({ call, status: code })
    },
    onResponseEnd () {
      end({ attributes: { 'http.response.status_code': status! }, error: status! >= 400 ? String(status) : undefined })
    },
    onResponseError (_, { name, code = name }: Error & { code?: string }) {
      // An error after the start of an answer is not counted: the reader stopped reading, or a log stream broke off.
      if (status === undefined) kubernetesErrors.inc({ call, status: 'none' })
      end({ error: code })
    }
  }
  return dispatch(
    options,
    new Proxy(handler as Handler, {
      get (target, name) {
        const method = target[name]
        if (typeof method !== 'function') return method
        return (...args: [unknown, never]) => {
          observed[name as string]?.(...args)
          return method.apply(target, args) as unknown
        }
      }
    })
  )
}

const pathOf = (path: string): string => path.split('?')[0]!

/** The resource in a path of the API, without names: `jobs`, `pods/log`. */
function resourceIn (path: string): string {
  const [, kind = 'other', sub] = /\/namespaces\/[^/]+\/([a-z]+)(?:\/[^/]+\/([a-z]+))?/.exec(pathOf(path)) ?? []
  return sub === undefined ? kind : `${kind}/${sub}`
}
