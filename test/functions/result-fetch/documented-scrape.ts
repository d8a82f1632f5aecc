import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { readYamlDocuments } from '../../../shared/settings/read-yaml.ts'
import { apiKeyFolder } from '../../support/api-keys.ts'
import { fetchServer } from '../../support/fetch-server.ts'
import { scrape } from '../../support/scrape.ts'
import { testStore } from '../../support/store.ts'

interface Scrape {
  job_name: string
  metrics_path?: string
  authorization?: { type?: string, credentials_file: string }
}

const page = readFileSync('docs/operations.md', 'utf8')
const [, configuration = ''] = /```yaml\n(scrape_configs:\n[^]*?)```/.exec(page) ?? []
const [{ scrape_configs: scrapes } = { scrape_configs: [] }] =
  readYamlDocuments(configuration) as [{ scrape_configs: Scrape[] }]

await t.test('the documented scrapes work with the documented key, when callers need credentials', async (t) => {
  const [, owner = '', scopes = ''] = /make api-key OWNER=(\S+) SCOPES=(\S+)/.exec(page) ?? []
  const made = execFileSync(process.execPath, ['knative/new-api-key.ts'], {
    env: { OWNER: owner, SCOPES: scopes },
    encoding: 'utf8'
  })
  const [key = ''] = /gx4ki_[\w-]+/.exec(made) ?? []
  const [, patch = '{}'] = /-p '(\{"stringData".*)'$/m.exec(made) ?? []
  const { folder, settings } = apiKeyFolder(t)
  for (const [id, entry] of Object.entries((JSON.parse(patch) as { stringData: Record<string, string> }).stringData)) {
    writeFileSync(join(folder, id), entry)
  }
  const { url } = await fetchServer(t, await testStore(t), settings)

  t.strictSame(scrapes.map(({ job_name: name }) => name), ['gx4ki', 'gx4ki-jobs'])
  for (const { metrics_path: path, authorization } of scrapes) {
    // Prometheus sends the content of the file with the scheme Bearer, unless the configuration names another.
    const headers = authorization && { authorization: `${authorization.type ?? 'Bearer'} ${key}` }
    const value = await scrape(url, path, headers)
    if (path === '/metrics/jobs') t.equal(value('gx4ki_jobs_complete'), 1)
  }
  const jobs = scrapes.find(({ metrics_path: path }) => path === '/metrics/jobs')
  t.match(page, jobs!.authorization!.credentials_file, 'the page says how the file gets there')
  await t.rejects(scrape(url, '/metrics/jobs'), { message: /401/ })
})
