import type { FastifyPluginAsync } from 'fastify'
import { Type, type Static, type TObject } from 'typebox'
import type { CallerSettings } from '../../shared/access/admit-callers.ts'
import { answerJson } from '../../shared/http/answer-json.ts'
import { checkConditions } from '../../shared/http/conditions/check-conditions.ts'
import { problem } from '../../shared/http/problem.ts'
import { type PageFiles, readPageFiles } from './page-files.ts'

export const webPageSettings = {
  PAGE_OIDC_CLIENT_ID: Type.Optional(Type.String({
    minLength: 1,
    description: 'The public client at OIDC_ISSUER with which visitors of the page sign in'
  })),
  PAGE_OIDC_SCOPE: Type.String({ default: 'openid', description: 'The scopes that the page asks the issuer for' })
}
type WebPageSettings = Static<TObject<typeof webPageSettings>> & Partial<CallerSettings>

/** The name of a file has the hash of its content. */
const FOR_EVER = 'public, max-age=31536000, immutable'

/**
 * The page for people: `/`, and its files below `/page`. They need no credential, because they are the same for
 * everybody; what the page shows, it asks the API for. Nothing of it is read before a browser asks for it.
 */
export function webPage (settings: WebPageSettings): FastifyPluginAsync {
  const { OIDC_ISSUER: issuer, PAGE_OIDC_CLIENT_ID: clientId, PAGE_OIDC_SCOPE: scope, API_KEYS_DIR: keys } = settings
  const oidc = issuer !== undefined && clientId !== undefined ? { issuer, client_id: clientId, scope } : null
  const security = securityHeaders(oidc === null ? undefined : new URL(oidc.issuer).origin)
  let files: Promise<PageFiles> | undefined

  return async function (app) {
    const open = { config: { access: 'public' }, schema: { hide: true } } as const

    app.get('/page/settings.json', open, async (request, reply) =>
      await answerJson(request, reply, {
        credentials: keys !== undefined || issuer !== undefined,
        api_keys: keys !== undefined,
        oidc
      }))

    for (const url of ['/', '/page/:file']) {
      app.get<{ Params: { file?: string } }>(url, open, async (request, reply) => {
        files ??= readPageFiles()
        const { file: name = 'index.html' } = request.params
        const file = (await files).get(name)
        if (file === undefined) throw problem('not-found', 'The page has no such file')
        reply.headers({
          ...security,
          etag: file.etag,
          vary: 'accept-encoding',
          'cache-control': name === 'index.html' ? 'no-cache' : FOR_EVER
        })
        if (checkConditions(request, file) === 'not modified') return await reply.code(304).send()
        const isZipped = /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''))
        if (isZipped) reply.header('content-encoding', 'gzip')
        return await reply.type(file.type).send(isZipped ? file.zipped : file.bytes)
      })
    }
  }
}

/**
 * The page runs its own script and no other: neither one in a result or a log line, nor one that a stranger's page puts
 * around it. `issuer` is the origin that gives the page its tokens.
 */
function securityHeaders (issuer: string | undefined): Record<string, string> {
  return {
    'content-security-policy': [
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      "img-src 'self' blob:",
      ["connect-src 'self'", issuer].filter(Boolean).join(' '),
      "form-action 'self'",
      "base-uri 'none'",
      "frame-ancestors 'none'",
      "require-trusted-types-for 'script'",
      "trusted-types 'none'"
    ].join('; '),
    'cross-origin-opener-policy': 'same-origin',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff'
  }
}
