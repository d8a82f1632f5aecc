/**
 * Bundles every function, every job program and the in-cluster part of the doctor into one CommonJS file each,
 * dist/<name>.cjs. One file, because every loaded module makes a cold start slower. CommonJS, because it loads
 * `node:http` faster. What only some installations need is a separate file, which the functions import on demand. Also
 * writes the OpenAPI documents beside the bundles: dist/openapi/.
 */
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { parse } from 'node:path'
import { build, type Plugin } from 'esbuild'
import { writeDocuments } from './openapi/write-documents.ts'
import { bundlePage } from './page/bundle-page.ts'

const programs = [
  ...['functions', 'jobs'].flatMap((folder) =>
    readdirSync(folder).map((name) => ({ name, main: `${folder}/${name}/main.ts` }))
  ),
  { name: 'doctor', main: 'knative/doctor/in-cluster/main.ts' }
]

/** Each is a bundle of its own: a file, or a package. */
const apart = ['shared/telemetry/export-traces.ts', 'shared/kubernetes/any-kubeconfig.ts', 'jose']

const loadOnDemand: Plugin = {
  name: 'load-on-demand',
  setup ({ onResolve }) {
    for (const path of apart) {
      const name = parse(path).name
      onResolve(
        { filter: new RegExp(`(^|/)${name}(\\.ts)?$`) },
        ({ kind }) => kind === 'dynamic-import' ? { path: `./${name}.cjs`, external: true } : undefined
      )
    }
  }
}

/**
 * What packages load at a start for something that no function does, with what the bundles have in its place. The
 * checks among them are made in the tests, which run the sources.
 */
const leftOut = [
  // The compilers of the schemas of routes: server.ts has its own.
  { by: 'fastify', module: '@fastify/ajv-compiler', instead: 'module.exports = () => undefined' },
  { by: 'fastify', module: '@fastify/fast-json-stringify-compiler', instead: 'module.exports = () => undefined' },
  // Checks that a plugin is for this version of Fastify.
  { by: 'fastify', module: 'semver', instead: 'exports.satisfies = () => true' },
  // Servers with HTTP/2.
  { by: 'fastify', module: 'node:http2', instead: '' },
  // Requests from tests, without a port.
  { by: 'fastify', module: 'light-my-request', instead: '' },
  // Checks the regular expressions in paths.
  { by: 'find-my-way', module: 'safe-regex2', instead: 'module.exports = () => true' },
  // Logs that another thread writes.
  { by: 'pino', module: 'thread-stream', instead: '' },
  { by: 'pino', module: 'worker_threads', instead: 'exports.isMainThread = true' },
  // Files of forms that are kept on the disk.
  { by: '@fastify/multipart', module: 'node:fs/promises', instead: '' },
  // The types of all files there are, for `request.is`.
  { by: '@fastify/sensible', module: 'type-is', instead: '' },
  // Events with numbers as BigInt.
  { by: 'cloudevents', module: 'json-bigint', instead: '' }
]

const leaveOut: Plugin = {
  name: 'leave-out',
  setup ({ onLoad, onResolve }) {
    for (const { by, module, instead } of leftOut) {
      const filter = new RegExp(`^${module}$`)
      onResolve(
        { filter },
        ({ importer }) => importer.includes(`/node_modules/${by}/`) ? { path: module, namespace: 'left-out' } : undefined
      )
      onLoad({ filter, namespace: 'left-out' }, () => ({ contents: instead }))
    }
  }
}

/** Runs these modules now, and puts the value of what they export in their place: it needs far less than their code. */
const runAtBuild: Plugin = {
  name: 'run-at-build',
  setup ({ onLoad }) {
    onLoad({ filter: /\/templates\/types-of-kubernetes\.ts$/ }, async ({ path }) => {
      const exported = Object.entries(await import(path) as object)
      const values = exported.map(([name, value]) =>
        `export const ${name} = JSON.parse(${JSON.stringify(JSON.stringify(value))})`)
      return { contents: values.join('\n') }
    })
  }
}

const { metafile: programsMeta } = await build({
  entryPoints: [
    ...programs.filter(({ main }) => existsSync(main)).map(({ name, main }) => ({ in: main, out: name })),
    ...apart.map((path) => ({ in: path, out: parse(path).name }))
  ],
  plugins: [loadOnDemand, leaveOut, runAtBuild],
  outdir: 'dist',
  outExtension: { '.js': '.cjs' },
  bundle: true,
  format: 'cjs',
  platform: 'node',
  target: 'node24',
  sourcemap: 'linked',
  sourcesContent: false,
  legalComments: 'linked',
  // Halves the size of the bundles. Names are kept and lines are short, so that a stack trace points to a readable
  // place in the bundle.
  minifySyntax: true,
  minifyWhitespace: true,
  lineLimit: 160,
  metafile: true,
  logLevel: 'warning'
})

const page = await bundlePage()
// Records which files of which packages are in which bundle.
writeFileSync('dist/metafile.json', JSON.stringify({
  inputs: { ...programsMeta.inputs, ...page.inputs },
  outputs: { ...programsMeta.outputs, ...page.outputs }
}))

// The command line is a package of its own, for every Node.js that callers may have.
await build({
  entryPoints: ['cli/main.ts'],
  outfile: 'cli/dist/gx4ki.cjs',
  bundle: true,
  format: 'cjs',
  platform: 'node',
  target: 'node20',
  banner: { js: '#!/usr/bin/env node' },
  minifySyntax: true,
  minifyWhitespace: true,
  lineLimit: 160,
  logLevel: 'warning'
})

await writeDocuments()
