/**
 * Bundles every function, every job program and the in-cluster part of the doctor into one CommonJS file each,
 * dist/<name>.cjs. One file, because every loaded module makes a cold start slower. CommonJS, because it loads
 * `node:http` faster. Only some installations export traces, so that code is a separate file, dist/export-traces.cjs,
 * which the functions import on demand.
 */
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { build, type Plugin } from 'esbuild'

const programs = [
  ...['functions', 'jobs'].flatMap((folder) =>
    readdirSync(folder).map((name) => ({ name, main: `${folder}/${name}/main.ts` }))
  ),
  { name: 'doctor', main: 'knative/doctor/in-cluster/main.ts' }
]

const tracesApart: Plugin = {
  name: 'traces-apart',
  setup ({ onResolve }) {
    onResolve(
      { filter: /\/export-traces\.ts$/ },
      ({ kind }) => kind === 'dynamic-import' ? { path: './export-traces.cjs', external: true } : undefined
    )
  }
}

const { metafile } = await build({
  entryPoints: [
    ...programs.filter(({ main }) => existsSync(main)).map(({ name, main }) => ({ in: main, out: name })),
    { in: 'shared/telemetry/export-traces.ts', out: 'export-traces' }
  ],
  plugins: [tracesApart],
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

// Records which files of which packages are in which bundle.
writeFileSync('dist/metafile.json', JSON.stringify(metafile))

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
