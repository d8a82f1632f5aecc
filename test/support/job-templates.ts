import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const env = `
type: object
properties:
  SCRIPT: { type: string, description: Shell script that runs in the result folder, default: "true" }
  PASSWORD: { type: string, writeOnly: true, description: A secret value }
`

interface Changes {
  labels?: object
  startSeconds?: number
  graceSeconds?: number
  spec?: object
  volumes?: object[]
  container?: object
}

/** A template that runs the script of a test, with the given changes. */
function template (
  name: string,
  { labels, startSeconds = 300, graceSeconds = 30, spec, volumes, container }: Changes
): object {
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name,
      annotations: {
        'gx4ki.io/description': 'Runs a shell script',
        'gx4ki.io/env': env,
        'gx4ki.io/results': '/results',
        'gx4ki.io/result': 'result.txt',
        'gx4ki.io/start-deadline-seconds': String(startSeconds)
      },
      labels
    },
    spec: {
      backoffLimit: 0,
      ...spec,
      template: {
        spec: {
          restartPolicy: 'Never',
          // Enough time for an uploader that gets its grants from a function which starts from zero.
          terminationGracePeriodSeconds: graceSeconds,
          volumes,
          containers: [{
            name: 'workload',
            image: 'dev.local/shell:e2e',
            command: ['sh', '-c', 'mkdir -p "$RESULTS" && cd "$RESULTS" && eval "$SCRIPT"'],
            env: [{ name: 'RESULTS', value: '/results' }],
            // Only a few jobs of a test run at a time: the two cores also run a whole cluster.
            resources: { requests: { cpu: '250m' } },
            ...container
          }]
        }
      }
    }
  }
}

/** A container whose script is JavaScript. */
const node = {
  image: 'dev.local/gx4ki-jobs:dev',
  command: [
    'node',
    '--input-type=module',
    '-e',
    "await import('data:text/javascript,' + encodeURIComponent(process.env.SCRIPT))"
  ]
}

const SHORT_GRACE = process.env['E2E_NODE_ADDRESS'] === undefined ? 9 : 60
/** Enough time for a pod to start on a cluster that must start the functions from zero. */
const DEADLINE = process.env['E2E_NODE_ADDRESS'] === undefined ? 8 : 25

const templates: Record<string, Changes> = {
  script: {},
  retried: { spec: { backoffLimit: 1 } },
  overdue: { spec: { activeDeadlineSeconds: DEADLINE } },
  // Like a Job that Kueue's webhook has changed: suspended until its queue admits it.
  queued: { labels: { 'kueue.x-k8s.io/queue-name': 'simulations' }, spec: { suspend: true } },
  // No node can pull this image. It has no command, because the local host ignores images and would run the command.
  'no-image': {
    startSeconds: process.env['E2E_NODE_ADDRESS'] === undefined ? 12 : 40,
    container: { image: 'registry.invalid/nothing:1', command: undefined }
  },
  // The admission policy of the cluster does not allow this image.
  foreign: { container: { image: 'example.org/anything:1' } },
  small: {
    volumes: [{ name: 'results', emptyDir: { sizeLimit: '4Mi' } }],
    container: { resources: { limits: { memory: '32Mi' } } }
  },
  node: { container: node },
  // A short grace period, of which a third belongs to a workload that ignores SIGTERM. On a cluster, the uploader may
  // have to wait for a function that starts from zero.
  stubborn: { graceSeconds: SHORT_GRACE, container: node },
  'overdue-stubborn': { graceSeconds: SHORT_GRACE, spec: { activeDeadlineSeconds: DEADLINE }, container: node },
  'three-pods': { spec: { completions: 3, parallelism: 3 } },
  // Much longer than the 30 s for which Knative may delay a request while it drains a pod.
  patient: { graceSeconds: 120, container: node }
}

/** Writes the templates of the tests into a folder, which is removed when this process ends. Returns its path. */
export function jobTemplates (): string {
  const folder = mkdtempSync(join(tmpdir(), 'gx4ki-test-'))
  process.on('exit', () => rmSync(folder, { recursive: true }))
  // JSON is valid YAML.
  for (const [name, changes] of Object.entries(templates)) {
    writeFileSync(join(folder, `${name}.yaml`), JSON.stringify(template(name, changes)))
  }
  return folder
}
