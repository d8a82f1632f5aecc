import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Page } from 'playwright-core'
import t, { type Test } from 'tap'
import { browserFor, openTab } from '../../support/browser.ts'
import { ENDED, JOB, jobView, pageServer } from '../../support/page-server.ts'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const results = { files: 4, bytes: 5000, complete: false, left_out: [], left_out_count: 1 }
const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="30"><path d="M0 0L40 30" stroke="red"/></svg>'
const file = (name: string, type: string) => ({ name, size: 500, sha256: name, sha256_checked: 'whole', content_type: type })
const template = {
  name: 'sim',
  description: 'A simulation',
  warnings: [],
  env: {
    required: ['MAP'],
    properties: {
      MAP: { type: 'string', enum: ['Town01', 'Town02'], description: 'The town' },
      SECONDS: { type: 'integer', default: 60, minimum: 1, description: 'How long' },
      SECRET: { type: 'string', writeOnly: true, description: 'A secret' },
      SCRIPT: { type: 'string', description: 'A script' },
      RECORD: { type: 'boolean', default: true, description: 'Whether to record' }
    }
  }
}

/** What axe finds wrong in the page as it is, in each of the ways in which people look at it. */
async function check (t: Test, page: Page, view: string): Promise<void> {
  await page.evaluate(axe)
  for (
    const [way, media, width] of [
      ['light', { colorScheme: 'light', forcedColors: 'none' }, 1100],
      ['dark', { colorScheme: 'dark', forcedColors: 'none' }, 1100],
      ['320 px', { colorScheme: 'light', forcedColors: 'none' }, 320],
      ['forced colours', { colorScheme: 'dark', forcedColors: 'active' }, 1100]
    ] as const
  ) {
    await page.emulateMedia({ ...media, reducedMotion: 'reduce' })
    await page.setViewportSize({ width, height: 900 })
    const found = await page.evaluate(`axe.run(document, {
      runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']
    }).then(({ violations, passes }) => ({
      passed: passes.length,
      violations: violations.map(({ id, nodes }) => id + ': ' + nodes.map(({ target }) => target.join(' ')).join(', '))
    }))`) as { passed: number, violations: string[] }
    t.strictSame(found.violations, [], `${view}, ${way}`)
    t.ok(found.passed > 10, `${found.passed} rules were applied`)
    const overflow = await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth')
    t.equal(overflow, 0, `${view}, ${way}: nothing lies beside the page`)
  }
}

const browser = await browserFor(t)
if (browser !== undefined) {
  await t.test('every view in every state can be used by everybody', async (t) => {
    let jobs: object[] = []
    let job: object = jobView()
    const url = await pageServer(t, (app) => {
      app.get('/job', async () => ({ jobs, next_cursor: jobs.length > 0 ? JOB : null }))
      app.get('/job/:id', async () => job)
      app.get('/job/:id/log', async () => 'a line of the log\nand another one\n')
      app.get('/job/:id/events', (_request, reply) => {
        reply.hijack()
        reply.raw.writeHead(200, { 'content-type': 'text/event-stream' })
        reply.raw.write(`event: log\ndata: ${JSON.stringify({ lines: ['a line'] })}\n\n`)
        const progress = { percent: 30, message: 'simulating', at: new Date().toISOString(), remaining_seconds: 100 }
        reply.raw.write(`event: progress\ndata: ${JSON.stringify(progress)}\n\n`)
      })
      app.get('/job/:id/result/list', async () => ({
        files: [file('a.svg', 'image/svg+xml'), file('b.json', 'application/json'), file('a/long/name/'.repeat(9) + 'c.bin', 'x/y')],
        next_cursor: null,
        left_out: [{ name: 'd', reason: 'it is a socket' }],
        left_out_count: 1
      }))
      app.get<{ Querystring: { file: string } }>('/job/:id/result', async ({ query }) => query.file === 'a.svg' ? svg : '{"a":[1]}')
      app.post('/job/deploy', async (_request, reply) =>
        await reply.code(400).header('content-type', 'application/problem+json').send(JSON.stringify({
          title: 'The request is not valid',
          status: 400,
          detail: 'x',
          errors: [{ field: 'env.SECONDS', message: 'must be >= 1' }, { field: 'env.MAP', message: 'is missing' }]
        })))
    }, [template])
    const { page } = await openTab(t, browser)

    await page.goto(url)
    await page.getByText('There are no jobs yet').waitFor()
    await check(t, page, 'empty list')

    jobs = ['running', 'succeeded', 'failed', 'pending', 'canceled', 'lost', 'accepted'].map((state, n) =>
      jobView({ state, job_uuid: JOB.slice(0, -1) + n, reason: state === 'failed' ? 'BackoffLimitExceeded' : null }))
    await page.goto(`${url}/#/jobs?state=x`)
    await page.getByText('✕ failed').waitFor()
    await check(t, page, 'list')

    await page.goto(`${url}/#/new/sim`)
    await page.getByLabel('SECONDS').waitFor()
    await check(t, page, 'form')
    await page.getByRole('button', { name: 'Run' }).click()
    await page.getByText('2 values are not accepted').waitFor()
    await page.getByText('Callback and queue').click()
    await check(t, page, 'form with errors')

    await page.goto(`${url}/#/job/${JOB}`)
    await page.getByText('about 1m 40s left').waitFor()
    await check(t, page, 'running job')
    await page.getByRole('button', { name: 'Cancel job' }).click()
    await check(t, page, 'dialog')

    job = jobView({ ...ENDED, state: 'failed', reason: 'ResultsIncomplete', message: 'Why it failed', results, env: { A: '1' } })
    await page.goto(`${url}/#/jobs`)
    await page.getByRole('heading', { name: 'Jobs' }).waitFor()
    await page.goto(`${url}/#/job/${JOB}`)
    await page.getByRole('button', { name: 'Preview a.svg' }).click()
    await page.getByAltText('Picture a.svg').waitFor()
    await page.getByRole('button', { name: 'Preview b.json' }).click()
    await page.getByRole('region', { name: 'Content of b.json' }).waitFor()
    await page.getByText('Inputs').click()
    await page.getByText('1 file is not among the results').click()
    await check(t, page, 'ended job')

    const oidc = { issuer: 'https://login.example.org', client_id: 'page', scope: 'openid' }
    await page.route('**/page/settings.json', async (route) =>
      await route.fulfill({ json: { credentials: true, api_keys: true, oidc } }))
    await page.route('**/job?*', async (route) => await route.fulfill({ status: 401, json: {} }))
    await page.goto(`${url}/#/jobs`)
    await page.getByRole('button', { name: 'Sign in with login.example.org' }).waitFor()
    await check(t, page, 'sign-in')
  })
}
