import { execFile } from 'node:child_process'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { documents } from '../../openapi/documents.ts'
import { npmTools } from '../support/npm-tools.ts'

const tools = resolve(import.meta.dirname, 'tools')
const programs = npmTools('test/api/tools')
const run = promisify(execFile)
const env = { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' }

for (const name of Object.keys(documents)) {
  const file = `dist/openapi/${name}.json`
  for (
    const [linter, ...options] of [
      ['redocly', '--config', join(tools, 'redocly.yaml')],
      ['spectral', '--ruleset', join(tools, 'spectral.yaml'), '--fail-severity', 'hint']
    ] as const
  ) {
    await t.test(`${linter} has nothing against the document ${name}`, async (t) => {
      const { code, stdout, stderr } = await run(join(programs, linter), ['lint', ...options, file], { env })
        .then((output) => ({ code: 0, ...output }), (error) => error)
      t.equal(code, 0, `${stdout}${stderr}`)
    })
  }
}
