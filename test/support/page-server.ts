import type { FastifyInstance } from 'fastify'
import type { Test } from 'tap'
import { webPage } from '../../functions/result-fetch/web-page.ts'
import { serve } from './serve.ts'

export const JOB = 'fe5dd958-4504-8d5d-a965-5ca2aa7a3eb3'

/**
 * Serves the page with an API that the test makes up, for what takes too long or happens too seldom with a real one.
 */
export async function pageServer (
  t: Test,
  routes: (app: FastifyInstance) => void,
  templates: object[] = [],
  callbacks: object[] = []
): Promise<string> {
  const { url } = await serve(t, async (app) => {
    await app.register(webPage({ PAGE_OIDC_SCOPE: 'openid' }))
    app.get('/job/:id/callback', async () => ({ callbacks }))
    app.get('/template', async () => ({ templates, refused: [] }))
    routes(app)
  })
  return url
}

/** A job as the API shows it. */
export function jobView (more: object = {}): object {
  const at = new Date(Date.now() - 60_000).toISOString()
  return {
    job_uuid: JOB,
    state: 'running',
    reason: null,
    template: 'sim',
    owner: null,
    created_at: at,
    started_at: at,
    finished_at: null,
    exit_code: null,
    expires_at: null,
    callback: null,
    progress: null,
    message: null,
    results: null,
    env: {},
    history: [],
    ...more
  }
}

export const ENDED = {
  state: 'succeeded',
  finished_at: new Date().toISOString(),
  expires_at: '2099-01-01T00:00:00Z',
  exit_code: 0
}
