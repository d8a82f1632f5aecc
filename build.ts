/**
 * Bundles every function, every job program and the doctor's half in the cluster into one CommonJS file each,
 * dist/<name>.cjs: a cold start pays for each module it loads, and `node:http` loads faster from CommonJS. What only
 * some installations want is a file beside them, dist/export-traces.cjs, which the functions import when it is wanted.
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
  // Half the size in the image. Names stay, and lines stay short enough that a stack trace leads to a place in the
  // bundle.
  minifySyntax: true,
  minifyWhitespace: true,
  lineLimit: 160,
  metafile: true,
  logLevel: 'warning'
})

// Which file of which package went into which bundle.
writeFileSync('dist/metafile.json', JSON.stringify(metafile))
