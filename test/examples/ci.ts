import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import t, { type Test } from 'tap'
import { readYaml } from '../../shared/settings/read-yaml.ts'
import { ended } from '../support/ended.ts'
import { exampleHost } from '../support/example-host.ts'
import { poll } from '../support/poll.ts'
import { pythonWith } from '../support/python-with.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const OF_A_DRIVE = ['drive.mcap', 'metadata.yaml', 'route.svg', 'summary.json']
const DRIVE = 'run drive -e DURATION=60 -e SEED=7'

await t.test('the pipelines of examples/ci', async (t) => {
  const host = await exampleHost(t)
  const folder = temporaryFolder(t, {})
  const npm = { npm_config_offline: 'true', npm_config_audit: 'false', npm_config_fund: 'false', npm_config_ignore_scripts: 'true' }
  const [{ filename }] = JSON.parse(execFileSync('npm', ['pack', '--json', resolve('cli')], {
    cwd: folder,
    env: { ...process.env, ...npm },
    encoding: 'utf8'
  })) as [{ filename: string }]
  const env = {
    ...host.env,
    ...npm,
    PATH: `${folder}/bin:${host.env.PATH}`,
    HOME: folder,
    npm_config_prefix: folder,
    GX4KI_PACKAGE: join(folder, filename)
  }

  await t.test('have the form that GitHub and GitLab ask for', async (t) => {
    const checker = join(pythonWith('check-jsonschema', ['check-jsonschema==0.39.0']), 'check-jsonschema')
    const check = async (schema: string, file: string) =>
      await ended(spawn(checker, ['--builtin-schema', `vendor.${schema}`, file], { env: host.env }))
    t.match(await check('github-workflows', 'examples/ci/github-workflow.yml'), { code: 0 })
    t.match(await check('gitlab-ci', 'examples/ci/gitlab-ci.yml'), { code: 0 })
    t.match(await check('gitlab-ci', 'examples/ci/github-workflow.yml'), { code: 1 }, 'the check can fail')
  })

  for (const [name, job] of [['GitHub', gitHubJob(env)], ['GitLab', gitLabJob(env)]] as const) {
    const start = async (t: Test, work: string, run: string): Promise<{ cwd: string, steps: Steps }> => {
      const cwd = temporaryFolder(t, {})
      return { cwd, steps: job(cwd, work, run) }
    }
    await t.test(`${name}: results and log of a job that succeeds`, async (t) => {
      const { cwd, steps } = await start(t, DRIVE, `${name}-1`)
      t.match(await ended(steps.script()), { code: 0 })
      t.match(await ended(steps.after('success')), { code: 0 })
      await host.hasFiles(t, OF_A_DRIVE, () => join(cwd, 'results'))
      t.not(readFileSync(join(cwd, 'job.log'), 'utf8'), '')
      const { job_uuid: id } = await host.newest()
      t.match(await ended(steps.script()), { code: 0 }, 'a run that is tried again')
      t.equal((await host.newest()).job_uuid, id, 'starts no second job')
    })
    await t.test(`${name}: a job that fails`, async (t) => {
      const { cwd, steps } = await start(t, "run script -e SCRIPT='echo why; echo half > half.txt; exit 3'", `${name}-2`)
      t.match(await ended(steps.script()), { code: 5 })
      t.match(await ended(steps.after('failed')), { code: 0 })
      t.equal(readFileSync(join(cwd, 'results/half.txt'), 'utf8'), 'half\n')
      t.equal(readFileSync(join(cwd, 'job.log'), 'utf8'), 'why\n')
    })
    await t.test(`${name}: a run that is canceled`, async (t) => {
      const { steps } = await start(t, "run script -e SCRIPT='sleep 60'", `${name}-3`)
      const script = steps.script()
      await poll('the job runs', async () => (await host.newest()).state === 'running')
      process.kill(-script.pid!, 'SIGKILL')
      await ended(script)
      await ended(steps.after('canceled'))
      t.equal((await host.newest()).state, 'canceled')
    })
  }
})

interface Steps {
  script: () => ChildProcess
  /** What runs after the script, which has ended like this. */
  after: (status: 'success' | 'failed' | 'canceled') => ChildProcess
}

/** What a runner does with a job: in a folder, with other words instead of the drive, and for a run of this number. */
type RunnerJob = (cwd: string, words: string, run: string) => Steps

function gitHubJob (env: Record<string, string>): RunnerJob {
  interface Step { run?: string, if?: string }
  interface Workflow { jobs: { simulate: { env: Record<string, string>, steps: Step[] } } }
  const { simulate } = (readYaml(readFileSync('examples/ci/github-workflow.yml', 'utf8')) as Workflow).jobs
  // Only these come from the settings of the repository.
  const given = Object.fromEntries(Object.entries(simulate.env).map(([name, value]) => {
    const [, from = ''] = /^\$\{\{ (?:vars|secrets)\.(\w+) \}\}$/.exec(value) ?? []
    return [name, env[from]!]
  }))
  return (cwd, words, run) => {
    const start = (condition: (step: Step) => boolean): ChildProcess => {
      const lines = simulate.steps.filter(condition).flatMap(({ run }) => run ?? [])
      // Each step is a process of its own, but the first that fails ends the script.
      const script = lines.map((line) => `bash -e -c ${quoted(line.replace(DRIVE, words))}`).join(' && ')
      return spawn('bash', ['-c', script], {
        cwd,
        detached: true,
        env: { ...env, ...given, GITHUB_RUN_ID: run, GITHUB_RUN_ATTEMPT: '1' }
      })
    }
    return {
      script: () => start((step) => step.if === undefined),
      after: (status) =>
        start((step) => step.if === 'always()' || (step.if === 'cancelled()' && status === 'canceled'))
    }
  }
}

function gitLabJob (env: Record<string, string>): RunnerJob {
  interface Pipeline { simulation: { script: string[], after_script: string[] } }
  const { simulation } = readYaml(readFileSync('examples/ci/gitlab-ci.yml', 'utf8')) as Pipeline
  return (cwd, words, run) => {
    const start = (lines: string[], more: Record<string, string>): ChildProcess => {
      const script = lines.map((line) => line.replace(DRIVE, words)).join('\n')
      return spawn('bash', ['-eo', 'pipefail', '-c', script], {
        cwd,
        detached: true,
        env: { ...env, CI_JOB_ID: run, ...more }
      })
    }
    return {
      script: () => start(simulation.script, {}),
      after: (status) => start(simulation.after_script, { CI_JOB_STATUS: status })
    }
  }
}

function quoted (text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}
