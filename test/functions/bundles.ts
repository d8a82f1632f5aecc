import { readFileSync } from 'node:fs'
import type { Metafile } from 'esbuild'
import t from 'tap'
import { bundledPackages } from '../../image/bundled-packages.ts'

const metafile = JSON.parse(readFileSync('dist/metafile.json', 'utf8')) as Metafile

/** What a start must not read: docs/decisions/022-what-a-start-loads.md. */
const PACKAGES = [
  '@kubernetes/client-node', 'bignumber.js', 'jose', 'json-bigint', 'light-my-request', 'mime-db', 'minio', 'ret',
  'safe-regex2', 'semver', 'thread-stream'
]
const OF_NODE = ['node:fs/promises', 'node:http2', 'worker_threads']

for (const name of ['deploy', 'job-completed', 'job-watch', 'result-fetch', 'result-upload']) {
  await t.test(`the bundle of ${name} has nothing that no function needs`, async (t) => {
    const output = metafile.outputs[`dist/${name}.cjs`]!
    const packages = bundledPackages({ inputs: {}, outputs: { [name]: output } }).map((found) => found.name)
    t.ok(packages.includes('fastify'))
    t.strictSame(packages.filter((found) => PACKAGES.includes(found)), [])
    const loaded = output.imports.filter(({ kind }) => kind === 'require-call').map(({ path }) => path)
    t.ok(loaded.includes('node:http'))
    t.strictSame(loaded.filter((path) => OF_NODE.includes(path)), [])
  })
}

await t.test('jose is a bundle of its own, which the first token loads', async (t) => {
  for (const name of ['deploy', 'job-watch', 'result-fetch']) {
    const imports = metafile.outputs[`dist/${name}.cjs`]!.imports.filter(({ path }) => path.endsWith('jose.cjs'))
    t.strictSame(imports.map(({ kind }) => kind), ['dynamic-import'], name)
  }
  t.ok(Object.keys(metafile.outputs['dist/jose.cjs']!.inputs).some((path) => path.includes('/jose/')))
})
