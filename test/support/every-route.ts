import type { FastifyPluginAsync } from 'fastify'
import type { Test } from 'tap'
import { collectRoutes } from '../../openapi/collect-routes.ts'
import { operationOf } from '../../openapi/operation-of.ts'
import { newApiKey } from '../../shared/access/api-key.ts'
import type { Callback } from '../../shared/job/callbacks/callback.ts'
import { newJobId } from '../../shared/job/job-id.ts'
import type { apiKeyFolder } from './api-keys.ts'
import { problemOf } from './problem-of.ts'

interface Access {
  url: string
  /** The plugin of the function, for its routes. */
  plugin: FastifyPluginAsync
  /**
   * The query and the body of a valid request for each route, by method and path as in the OpenAPI document. A route
   * that is missing here fails the test.
   */
  requests: Record<string, { query?: string, body?: object }>
  /** The routes that need no credentials. */
  open: string[]
  /** Adds an API key that the function accepts. */
  add: ReturnType<typeof apiKeyFolder>['add']
  /** Creates a job of alice, who has this key for that. Returns its id. */
  job: (writer: string) => Promise<string>
}

/** A callback in the job of the owner, for the routes about callbacks. */
export const CALLBACK: Callback = { id: '0-succeeded', target: 0, call: 'succeeded', state: 'delivered', attempts: [] }

/** Tries every route of the function that is in an OpenAPI document, with every kind of credential. */
export async function tryEveryRoute (t: Test, { url, plugin, requests, open, add, job }: Access): Promise<void> {
  const keys = {
    reader: add('alice', 'jobs:read'),
    writer: add('alice', 'jobs:write'),
    stranger: add('bob', 'jobs:read', 'jobs:write'),
    admin: add('root', 'admin')
  }
  const routes = (await collectRoutes(plugin)).map((route) => {
    const path = route.url.replace(/:(\w+)/g, '{$1}')
    const { security, responses } = operationOf(route)
    const scope = security.find((one) => 'caller' in one)?.['caller']?.[0]
    return { path, method: route.method, name: `${route.method} ${path}`, scope, responses }
  })
  t.strictSame(
    routes.filter(({ scope }) => scope === undefined).map(({ name }) => name),
    open,
    'the routes that need no credentials'
  )

  for (const { path, method, name, scope, responses } of routes.filter(({ scope }) => scope !== undefined)) {
    const request = requests[name]
    t.ok(request, `the test has a request for ${name}`)
    const ask = async (authorization: string | undefined, id?: string): Promise<Response> =>
      await fetch(
        url + path.replace('{id}', id ?? await job(keys.writer)).replace('{callback}', CALLBACK.id) + (request?.query ?? ''),
        {
          method,
          headers: {
            ...(authorization !== undefined && { authorization }),
            ...(request?.body && { 'content-type': 'application/json' })
          },
          ...(request?.body && { body: JSON.stringify(request.body) })
        }
      )

    await t.test(name, async (t) => {
      for (const status of ['401', '403']) t.ok(responses[status], `OpenAPI has the answer ${status}`)
      const near = keys.writer.slice(0, -1) + (keys.writer.endsWith('A') ? 'Q' : 'A')
      const missing = 'Bearer'
      const invalid = 'Bearer error="invalid_token"'
      for (
        const [authorization, challenge] of [
          [undefined, missing],
          ['', missing],
          ['Bearer', missing],
          ['Bearer ', missing],
          [`Basic ${keys.admin}`, missing],
          [keys.admin, missing],
          ['Bearer x', invalid],
          [`Bearer ${near}`, invalid],
          [`Bearer ${keys.writer}x`, invalid],
          [`Bearer ${keys.writer} x`, invalid],
          [`Bearer ${newApiKey().key}`, invalid],
          ['Bearer gx4ki_../../etc/passwd_x', invalid]
        ] as const
      ) {
        const response = await ask(authorization, newJobId())
        t.equal(response.headers.get('www-authenticate'), challenge, String(authorization))
        if (method === 'HEAD') t.equal(response.status, 401)
        else await problemOf(t, response, 401, 'unauthorized')
      }

      const [good, insufficient] = scope === 'jobs:read' ? [keys.reader, keys.writer] : [keys.writer, keys.reader]
      const refused = await ask(`Bearer ${insufficient}`)
      t.equal(refused.status, 403)
      t.equal(refused.headers.get('www-authenticate'), `Bearer error="insufficient_scope", scope="${scope}"`)

      for (const key of [good, keys.admin]) {
        const { status } = await ask(`bearer ${key}`)
        t.notOk([400, 401, 403, 404, 405, 415, 500].includes(status), `the right credential is accepted: ${status}`)
      }

      if (!path.includes('{id}')) return
      const answers = await Promise.all([await job(keys.writer), newJobId()].map(async (id) => {
        const response = await ask(`Bearer ${keys.stranger}`, id)
        return [
          response.status,
          [...response.headers.keys()].sort(),
          (await response.text()).replaceAll(id, 'ID').replace(/"trace_id":"\w+"/, '')
        ] as const
      }))
      t.strictSame(answers[0], answers[1], 'a job of another owner gets the same answer as a job that does not exist')
      t.equal(answers[0]![0], 404)
      if (method !== 'HEAD') t.match(answers[0]![2], /urn:gx4ki:problem:unknown-job/)
    })
  }
}
