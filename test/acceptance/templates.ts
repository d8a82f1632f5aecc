import { readdirSync, readFileSync } from 'node:fs'
import t from 'tap'
import { clusterOf } from '../support/cluster-of.ts'
import { type Job, testHost } from '../support/host.ts'
import { poll } from '../support/poll.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

// The YAML that operators brought and that did not do what it should. The images are replaced by one that is on every
// cluster of the tests and has a shell; the local host ignores images.
const SHELL = 'dev.local/shell:e2e'

/** Enough time for a cluster that must start the functions from zero. Until the deadline, the obstacle must be seen. */
const START_SECONDS = process.env['E2E_NODE_ADDRESS'] === undefined ? 12 : 60

const templates: Record<string, string> = {
  'three-pods': `
spec:
  completions: 3
  parallelism: 3
  template:
    spec:
      restartPolicy: Never
      containers:
        - name: worker
          image: ${SHELL}
          command: [sh, -c, "echo part > /results/part-$(od -An -N4 -tx4 /dev/urandom | tr -d ' ').txt; ls /results"]
`,
  'init-container-fails': `
spec:
  template:
    spec:
      restartPolicy: Never
      initContainers:
        - name: fetch-inputs
          image: ${SHELL}
          command: [sh, -c, "echo 'curl: (22) The requested URL returned error: 403' >&2; exit 22"]
      containers:
        - name: main
          image: ${SHELL}
          command: [sh, -c, "echo never"]
`,
  'second-container-fails': `
spec:
  template:
    spec:
      restartPolicy: Never
      containers:
        - {name: sim, image: ${SHELL}, command: [sh, -c, "echo sim ok; sleep 2"]}
        - {name: recorder, image: ${SHELL}, command: [sh, -c, "echo 'recorder: no space left' >&2; exit 5"]}
`,
  'command-not-found': `
spec:
  template:
    spec:
      restartPolicy: Never
      containers:
        - {name: main, image: ${SHELL}, command: [python4, run.py], env: [{name: R, value: /results}]}
`,
  'config-map-missing': `
spec:
  template:
    spec:
      restartPolicy: Never
      initContainers:
        - {name: wait-for-db, image: ${SHELL}, command: [sh, -c, 'true']}
      containers:
        - name: migrate
          image: ${SHELL}
          command: [sh, -c, 'echo ok > /results/a']
          envFrom: [{configMapRef: {name: app-config}}, {secretRef: {name: app-secret}}]
`,
  'gone-when-finished': `
spec:
  ttlSecondsAfterFinished: 0
  template:
    spec:
      restartPolicy: Never
      containers:
        - {name: main, image: ${SHELL}, command: [sh, -c, "echo data > /results/a.txt; echo done"]}
`,
  'octal-modes': `
spec:
  template:
    spec:
      restartPolicy: Never
      containers:
        - name: main
          image: ${SHELL}
          command: [sh, -c, "echo ok > /results/a"]
          volumeMounts: [{name: script, mountPath: /scripts}, {name: keys, mountPath: /keys}]
      volumes:
        - name: script
          configMap: {name: scripts, defaultMode: 0755, optional: true}
        - name: keys
          secret: {secretName: keys, defaultMode: 0400, optional: true}
`,
  'misspelled-fields': `
spec:
  activeDeadlineSecond: 3600
  template:
    spec:
      restartPolicy: Never
      nodeSelectors: {gpu: a100}
      containers:
        - name: main
          image: ${SHELL}
          command: [sh, -c, 'echo ok > /results/a']
          resource: {limits: {nvidia.com/gpu: "1"}}
`,
  'variables-in-arguments': `
spec:
  template:
    spec:
      restartPolicy: Never
      containers:
        - name: main
          image: ${SHELL}
          command: [sh, -c]
          args: ["echo dur=$(DURATION) url=$URL > /results/seen.txt; cat /results/seen.txt"]
          env:
            - {name: HOST, value: scenes.example}
            - {name: URL, value: "https://user:$(PASSWORD)@$(HOST)/x"}
`,
  'working-directory': `
spec:
  template:
    spec:
      restartPolicy: Never
      containers:
        - name: train
          image: ${SHELL}
          workingDir: /workspace
          command: [sh, -c, "pwd; mkdir -p output && echo w > output/model.pt; ls -la output"]
`
}

/** Annotations besides description, results and retention. */
const annotations: Record<string, string> = {
  'config-map-missing': `gx4ki.io/start-deadline-seconds: "${START_SECONDS}"`,
  'misspelled-fields': 'gx4ki.io/start-deadline-second: "60"\n    gx4ki.io/retensions: 90d',
  'working-directory': 'gx4ki.io/results: /workspace/output',
  'variables-in-arguments': `gx4ki.io/env: |
      type: object
      properties:
        DURATION: {type: integer, default: 15, description: seconds}
        PASSWORD: {type: string, writeOnly: true, default: secret-word, description: of the scene server}`
}

function yamlOf (name: string): string {
  const own = annotations[name] ?? ''
  return [
    'apiVersion: batch/v1',
    'kind: Job',
    'metadata:',
    `  name: ${name}`,
    '  annotations:',
    `    gx4ki.io/description: ${name}`,
    '    gx4ki.io/retention: 1h',
    ...own.includes('gx4ki.io/results') ? [] : ['    gx4ki.io/results: /results'],
    ...own === '' ? [] : [`    ${own}`]
  ].join('\n') + templates[name]!
}

/** What a working folder in the checkout would show. */
const checkout = readdirSync('.')

await t.test('the templates that operators brought', async (t) => {
  const folder = temporaryFolder(t, {
    ...Object.fromEntries(Object.keys(templates).map((name) => [`${name}.yaml`, yamlOf(name)])),
    'evaluate.yaml': readFileSync('docs/example-template.yaml', 'utf8').replace(/image: .*/, `image: ${SHELL}`)
  })
  const host = await testHost(t, { '*': { TEMPLATES_DIR: folder, DEFAULT_TEMPLATE: 'octal-modes' } })
  const cluster = clusterOf(host)
  const { templates: usable, refused } = await (await fetch(`${host.url}/template`)).json() as {
    templates: { name: string }[]
    refused: { file: string, reason: string }[]
  }
  const reasonOf = (name: string): string =>
    refused.find(({ file }) => file.startsWith(name))?.reason ?? `${name} is not refused`
  const ends = async (template: string): Promise<Job> =>
    await host.reaches(await host.deploy({ template }), 'succeeded', 'failed', 'lost', 'canceled')
  /** The last lines of the container that failed, which need not be the workload, are in the message or in the log. */
  const showsLines = async ({ job_uuid: id }: Job, lines: string): Promise<void> => {
    await poll(`message or log have the line "${lines}"`, async () =>
      `${(await host.job(id)).message} ${await (await fetch(`${host.url}/job/${id}/log`)).text()}`.includes(lines))
  }

  await t.test('the example of the docs runs, with the values of the caller', async (t) => {
    const id = await host.deploy({ template: 'evaluate', env: { SCENE: 'highway-2', STEPS: '200' } })
    t.match(await host.reaches(id, 'succeeded', 'failed'), { state: 'succeeded', reason: null, message: null })
    t.strictSame((await host.results(id)).map(({ name }) => name), ['report.json'])
    t.same(await (await host.result(id, 'report.json')).json(), { scene: 'highway-2', steps: 200 })
    t.equal(await host.jobLog(id), 'evaluating highway-2\n')
  })

  await t.test('three pods are refused at load, with the field', (t) => {
    t.match(reasonOf('three-pods'), /spec\.completions is 3: the results of a job come from one pod/)
    t.end()
  })

  await t.test('misspelled fields are refused at load, each by its path', (t) => {
    const reason = reasonOf('misspelled-fields')
    const corrections = {
      'spec.activeDeadlineSecond ': 'activeDeadlineSeconds',
      'spec.template.spec.nodeSelectors ': 'nodeSelector',
      'spec.template.spec.containers[0].resource ': 'resources',
      'metadata.annotations["gx4ki.io/start-deadline-second"] ': 'gx4ki.io/start-deadline-seconds',
      'metadata.annotations["gx4ki.io/retensions"] ': 'gx4ki.io/retention'
    }
    for (const [path, right] of Object.entries(corrections)) {
      t.match(reason, path)
      t.ok(reason.slice(reason.indexOf(path)).split('; ')[1]?.startsWith(`did you mean ${right}?`), `${path}: ${right}`)
    }
    t.notOk(usable.some(({ name }) => name === 'misspelled-fields'))
    t.end()
  })

  await t.test('a failed init container is named, with its exit code and its last lines', async (t) => {
    const job = await ends('init-container-fails')
    t.match(job, { state: 'failed', message: /\bfetch-inputs\b.*\b22\b/, exit_code: null, started_at: null })
    await showsLines(job, 'curl: (22) The requested URL returned error: 403')
  })

  await t.test('a failed second container is named, and the exit code stays that of the workload', async (t) => {
    const job = await ends('second-container-fails')
    t.match(job, { state: 'failed', message: /\brecorder\b.*\b5\b/, exit_code: 0 })
    await showsLines(job, 'recorder: no space left')
  })

  await t.test('a command that is not there is a StartError, and not a start in 1970', async (t) => {
    const job = await ends('command-not-found')
    t.match(job, { state: 'failed', reason: 'StartError', message: /\bpython4\b/, started_at: null })
    t.notMatch(JSON.stringify(job), '1970')
    t.notOk(job.history.some(({ state }) => state === 'running'))
  })

  await t.test('a missing ConfigMap is the reason while the job is pending, and after the start deadline', async (t) => {
    const id = await host.deploy({ template: 'config-map-missing' })
    const why = { reason: 'CreateContainerConfigError', message: /configmap "app-config" not found/ }
    const pending = await poll('the job shows the reason', async () => {
      // The Job does not change, so there is no event.
      await host.ping()
      const job = await host.job(id)
      return job.reason !== null && job
    })
    t.match(pending, { state: 'pending', ...why })
    await poll('the start deadline is over', async () => {
      await host.ping()
      return (await host.job(id)).state === 'failed'
    }, START_SECONDS + 60)
    t.match(await host.job(id), {
      state: 'failed',
      reason: 'StartDeadlineExceeded',
      message: /CreateContainerConfigError.*configmap "app-config" not found/,
      started_at: null
    })
  })

  await t.test('a Job that is gone when it has finished has succeeded, with its file, or is refused', async (t) => {
    if (!usable.some(({ name }) => name === 'gone-when-finished')) {
      t.match(reasonOf('gone-when-finished'), 'ttlSecondsAfterFinished')
      return
    }
    const job = await ends('gone-when-finished')
    t.match(job, { state: 'succeeded', exit_code: 0 })
    t.equal(await (await host.result(job.job_uuid, 'a.txt')).text(), 'data\n')
  })

  await t.test('octal modes are octal in the Job', async (t) => {
    const { state, job_uuid: id } = await ends('octal-modes')
    t.equal(state, 'succeeded')
    const job = (await cluster.jobs()).find(({ metadata }) => metadata?.name === `gx4ki-${id}`)
    const volumes = job?.spec?.template.spec?.volumes
    t.equal(volumes?.find(({ name }) => name === 'script')?.configMap?.defaultMode, 493)
    t.equal(volumes?.find(({ name }) => name === 'keys')?.secret?.defaultMode, 256)
  })

  await t.test('variables in arguments and in other variables have their values', async (t) => {
    const { state, job_uuid: id } = await ends('variables-in-arguments')
    t.equal(state, 'succeeded')
    t.equal(
      await (await host.result(id, 'seen.txt')).text(),
      'dur=15 url=https://user:secret-word@scenes.example/x\n'
    )
  })

  await t.test('what is written relative to the working folder is a result, and nothing is written elsewhere', async (t) => {
    const { state, job_uuid: id } = await ends('working-directory')
    t.equal(state, 'succeeded')
    t.strictSame((await host.results(id)).map(({ name }) => name), ['model.pt'])
    t.equal(await (await host.result(id, 'model.pt')).text(), 'w\n')
    t.strictSame(readdirSync('.'), checkout, 'the job has not run in the checkout')
  })
})
