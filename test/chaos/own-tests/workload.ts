import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import t, { type Test } from 'tap'
import { allKinds } from '../kinds/all-kinds.ts'
import { type Script, script, secondsOf } from '../script.ts'
import { seeded } from '../seeded.ts'
import { expectedOf, type Truth } from '../truth.ts'

const WORKLOAD = resolve(import.meta.dirname, '../workload.py')

/** Runs a script to its end, and returns its exit code, its result folder and what it recorded of it. */
function run (t: Test, scripted: Script) {
  const dir = t.testdir({ pods: { 'pod-1': { volumes: { results: {} } } }, truth: {} })
  const results = join(dir, 'pods/pod-1/volumes/results')
  const truth = join(dir, 'truth')
  const { status, stderr } = spawnSync('python3', [WORKLOAD], {
    env: {
      PATH: process.env['PATH'],
      RESULTS: results,
      CHAOS_JOB: 'job-1',
      CHAOS_TRUTH: truth,
      CHAOS_SCRIPT: JSON.stringify(scripted)
    },
    encoding: 'utf8'
  })
  const file = join(truth, 'job-1.pod-1.truth')
  t.ok(readdirSync(truth).includes('job-1.pod-1.started'), stderr)
  return { status, results, file, truth: JSON.parse(readFileSync(file, 'utf8')) as Truth }
}

const hasUnreadable = ({ entries }: Truth): boolean => entries.some(({ is }) => is === 'unreadable')

await t.test('every kind that ends by itself does so, with the same files each time', async (t) => {
  for (const { name, script: write } of allKinds) {
    const quick = write(seeded(name))
    if (!Number.isFinite(secondsOf(quick))) continue
    const steps = quick.steps.filter((step) => step.do !== 'wait' && step.do !== 'fail first').map((step) =>
      step.do === 'map'
        ? { ...step, pauses: step.pauses.map(() => 0) }
        : step.do === 'write' ? { ...step, size: Math.min(step.size, 2 ** 21) } : step
    )
    const [first, second] = [1, 2].map(() => run(t, { ...quick, steps }))
    t.equal(first!.status, quick.exit, name)
    const content = ({ truth }: { truth: Truth }) => truth.entries.toSorted((a, b) => a.name < b.name ? -1 : 1)
    t.strictSame(content(first!), content(second!), name)
    const expected = expectedOf(first!.truth)
    t.equal(expected.impossible.length > 0, name === 'impossible names' || hasUnreadable(first!.truth), name)
  }
})

await t.test('the record is what is there', async (t) => {
  const { truth, results, file } = run(t, script([
    { do: 'write', name: 'a/b%20c', size: 3_000_000, seed: '1' },
    { do: 'link', name: 'in', to: 'a/b%20c' },
    { do: 'link', name: 'out', to: '/etc' },
    { do: 'link', name: 'nowhere', to: 'gone' },
    { do: 'fifo', name: 'pipe' }
  ]))
  const content = {
    size: 3_000_000,
    sha256: createHash('sha256').update(readFileSync(join(results, 'a/b c'))).digest('hex')
  }
  const { files, leftOut, impossible } = expectedOf(truth)
  t.strictSame(files.toSorted((a, b) => a.name < b.name ? -1 : 1), [
    { name: 'a/b c', ...content },
    { name: 'in', ...content }
  ])
  t.strictSame(leftOut.toSorted(), ['nowhere', 'out', 'pipe'])
  t.strictSame(impossible, [])
  execFileSync('python3', [WORKLOAD, '--record', results, `${file}.again`])
  const again = JSON.parse(readFileSync(`${file}.again`, 'utf8')) as Truth
  t.strictSame(again.entries, truth.entries, 'the test can record it, too')
  t.equal(again.at, undefined)
})

await t.test('the first attempt fails, the second one does not', async (t) => {
  const dir = t.testdir({ truth: {} })
  const attempt = (pod: string): number | null => {
    const results = join(dir, pod, 'volumes/results')
    mkdirSync(results, { recursive: true })
    return spawnSync('python3', [WORKLOAD], {
      env: {
        PATH: process.env['PATH'],
        RESULTS: results,
        CHAOS_JOB: 'job-1',
        CHAOS_TRUTH: join(dir, 'truth'),
        CHAOS_SCRIPT: JSON.stringify(script([{ do: 'fail first', code: 7 }]))
      }
    }).status
  }
  t.strictSame([attempt('one'), attempt('two')], [7, 0])
})
