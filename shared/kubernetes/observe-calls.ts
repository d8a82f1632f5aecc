import type { Dispatcher } from 'undici'
import { kubernetesErrors } from '../telemetry/metrics.ts'
import { startSpan } from '../telemetry/tracing.ts'

type Handler = Record<string | symbol, unknown>

/** A span for each call of the Kubernetes API, ended with its answer; and those that failed are counted. */
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
      // What is not there, or there already: both are asked for all the time.
      if (code >= 400 && code !== 404 && code !== 409) kubernetesErrors.inc({ call, status: code })
    },
    onResponseEnd () {
      end({ attributes: { 'http.response.status_code': status! }, error: status! >= 400 ? String(status) : undefined })
    },
    onResponseError (_, { name, code = name }: Error & { code?: string }) {
      // After an answer began, it is the reader who had enough of it, or a log that broke off.
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

/** Which kind of objects a path of the API is about, `pods/log` say, without any names. */
function resourceIn (path: string): string {
  const [, kind = 'other', sub] = /\/namespaces\/[^/]+\/([a-z]+)(?:\/[^/]+\/([a-z]+))?/.exec(pathOf(path)) ?? []
  return sub === undefined ? kind : `${kind}/${sub}`
}
