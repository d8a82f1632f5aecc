import type http from 'node:http'
import { kubernetesErrors } from '../telemetry/metrics.ts'
import { startSpan } from '../telemetry/tracing.ts'

/** Records a span for a call of the Kubernetes API, and counts it if it fails. */
export function observeCall (request: http.ClientRequest, origin: string): void {
  const path = request.path.split('?')[0]!
  const call = `${request.method} ${resourceIn(path)}`
  const end = startSpan(call, {
    'http.request.method': request.method,
    'url.path': path,
    'server.address': origin
  })
  let hasAnswer = false
  request.once('response', (response) => {
    hasAnswer = true
    const { statusCode: status = 0 } = response
    // 404 and 409 are normal: the functions often ask for absent objects, and create objects that already exist.
    if (status >= 400 && status !== 404 && status !== 409) kubernetesErrors.inc({ call, status })
    let failure = status >= 400 ? String(status) : undefined
    response.once('error', (error) => {
      failure = codeOf(error)
    })
    response.once('close', () => end({ attributes: { 'http.response.status_code': status }, error: failure }))
  })
  request.on('error', (error) => {
    // An error after the start of an answer is not counted: the reader stopped reading, or a log stream broke off.
    if (hasAnswer) return
    kubernetesErrors.inc({ call, status: 'none' })
    end({ error: codeOf(error) })
  })
}

const codeOf = ({ name, code = name }: Error & { code?: string }): string => code

/** The resource in a path of the API, without names: `jobs`, `pods/log`. */
function resourceIn (path: string): string {
  const [, kind = 'other', sub] = /\/namespaces\/[^/]+\/([a-z]+)(?:\/[^/]+\/([a-z]+))?/.exec(path) ?? []
  return sub === undefined ? kind : `${kind}/${sub}`
}
