import { globSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createHash } from 'node:crypto'
import { basename, join, parse } from 'node:path'
import { gzipSync } from 'node:zlib'
import { build, type Metafile } from 'esbuild'

const SOURCE = 'page'
const FOLDER = 'dist/page'

/**
 * Bundles the page into dist/page/. The name of each file has the hash of its content, so that browsers can keep it for
 * ever; only index.html, which names them, has none. Each file is there a second time as the gzip of it.
 */
export async function bundlePage (): Promise<Metafile> {
  rmSync(FOLDER, { recursive: true, force: true })
  const { metafile } = await build({
    entryPoints: ['main.tsx', 'style.css'].map((name) => join(SOURCE, name)),
    outdir: FOLDER,
    entryNames: '[name]-[hash]',
    chunkNames: '[name]-[hash]',
    bundle: true,
    // What only some visitors need is loaded when they need it.
    splitting: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    minify: true,
    legalComments: 'none',
    metafile: true,
    logLevel: 'warning'
  })
  const icon = readFileSync(join(SOURCE, 'icon.svg'))
  const iconName = `icon-${createHash('sha256').update(icon).digest('hex').slice(0, 8).toUpperCase()}.svg`
  writeFileSync(join(FOLDER, iconName), icon)

  const hashed = new Map([['icon.svg', iconName]])
  for (const [path, { entryPoint }] of Object.entries(metafile.outputs)) {
    if (entryPoint !== undefined) hashed.set(parse(entryPoint).name + parse(path).ext, basename(path))
  }
  const html = readFileSync(join(SOURCE, 'index.html'), 'utf8')
  writeFileSync(
    join(FOLDER, 'index.html'),
    html.replace(/"page\/([^"]+)"/g, (_all, name: string) => `"page/${hashed.get(name)}"`)
  )
  for (const path of globSync(`${FOLDER}/*`)) writeFileSync(`${path}.gz`, gzipSync(readFileSync(path), { level: 9 }))
  return metafile
}
