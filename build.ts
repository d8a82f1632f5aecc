/**
 * Bundles every function and every job program into one CommonJS file each, dist/<name>.cjs: a cold start pays for
 * each module it loads, and `node:http` loads faster from CommonJS.
 */
import { existsSync, readdirSync } from 'node:fs'
import { build } from 'esbuild'

const programs = ['functions', 'jobs'].flatMap((folder) => readdirSync(folder).map((name) => ({ name, main: `${folder}/${name}/main.ts` })))

await build({
  entryPoints: programs.filter(({ main }) => existsSync(main)).map(({ name, main }) => ({ in: main, out: name })),
  outdir: 'dist',
  outExtension: { '.js': '.cjs' },
  bundle: true,
  format: 'cjs',
  platform: 'node',
  target: 'node24',
  sourcemap: 'linked',
  sourcesContent: false,
  legalComments: 'linked',
  logLevel: 'warning'
})
