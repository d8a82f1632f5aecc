import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { apiKeyFolder } from './api-keys.ts'
import { documentedTemplates } from './documented-templates.ts'
import { type Job, type ResultFile, testHost } from './host.ts'
import { sha256 } from './job-api.ts'

/** A host that requires an API key, for programs that get its address and a key from their environment. */
export async function exampleHost (t: Test) {
  const keys = apiKeyFolder(t)
  const token = keys.add('alice', 'jobs:read', 'jobs:write')
  const { url } = await testHost(t, { '*': { ...keys.settings, TEMPLATES_DIR: documentedTemplates() } })

  async function get<T> (path: string): Promise<T> {
    return await (await fetch(url + path, { headers: { authorization: `Bearer ${token}` } })).json() as T
  }

  async function newest (): Promise<Job> {
    return (await get<{ jobs: Job[] }>('/job')).jobs[0]!
  }

  return {
    url,
    token,
    get,
    newest,
    env: { PATH: process.env['PATH']!, GX4KI_URL: url, GX4KI_TOKEN: token },
    /** Checks that the newest job has succeeded, and that a folder has its files, byte for byte. */
    async hasFiles (t: Test, names: string[], folderOf: (id: string) => string): Promise<void> {
      const { job_uuid: id, state } = await newest()
      t.equal(state, 'succeeded')
      const { files } = await get<{ files: ResultFile[] }>(`/job/${id}/result/list`)
      t.strictSame(files.map(({ name }) => name), names)
      const folder = folderOf(id)
      for (const { name, sha256: digest } of files) t.equal(sha256(readFileSync(join(folder, name))), digest, name)
      const there = readdirSync(folder, { recursive: true, withFileTypes: true })
      t.equal(there.filter((one) => one.isFile() && !one.parentPath.includes('.gx4ki-parts')).length, names.length)
    }
  }
}
