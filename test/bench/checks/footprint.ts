import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Metafile } from 'esbuild'
import { askFirst } from '../parts/ask.ts'
import type { Bench } from '../bench.ts'
import { newBucket } from '../parts/bucket.ts'
import { type FunctionName, startFunction } from '../parts/function.ts'
import { startStub } from '../parts/stub.ts'
import { about, type Checked, exactly } from './checked.ts'

const functions: FunctionName[] = ['deploy', 'job-completed', 'job-watch', 'result-fetch', 'result-upload']

/** How large the bundles are, and how much of them and of Node a start loads. */
export async function footprint (bench: Bench): Promise<Checked[]> {
  const { settings } = await newBucket(bench)
  const kubeconfig = (await startStub(bench)).kubeconfig()
  const { outputs } = JSON.parse(readFileSync('dist/metafile.json', 'utf8')) as Metafile
  const found: Checked[] = []
  for (const name of [...functions, 'uploader']) {
    const bundle = `dist/${name}.cjs`
    // A line of code more is no regression, a package more is one.
    found.push(about(`${name}: bytes of the bundle`, statSync(bundle).size, 1.03))
    found.push(about(`${name}: modules in the bundle`, Object.keys(outputs[bundle]!.inputs).length, 1.05))
  }
  for (const name of functions) {
    const note = join(bench.dir, `builtins-${name}`)
    const { url, signal, ended } = await startFunction(bench, name, {
      settings,
      kubeconfig,
      nodeArgs: ['--require', join(import.meta.dirname, 'note-builtins.cjs')],
      env: { NOTE_BUILTINS: note }
    })
    await askFirst(`${url}/health/readiness`, 200)
    signal('SIGTERM')
    await ended()
    found.push(exactly(`${name}: built-in modules loaded`, Number(readFileSync(note, 'utf8'))))
  }
  return found
}
