import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const env = `
type: object
properties:
  SCRIPT: { type: string, description: What to run in the result folder, default: "true" }
  PASSWORD: { type: string, writeOnly: true, description: A secret }
`

interface Changes {
  labels?: object
  startSeconds?: number
  graceSeconds?: number
  spec?: object
  volumes?: object[]
  container?: object
}

/** A template that does whatever a test asks of it, but for the changes. */
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
          // Enough for an uploader whose grants come from a function that has to be woken.
          terminationGracePeriodSeconds: graceSeconds,
          volumes,
          containers: [{
            name: 'workload',
            image: 'dev.local/shell:e2e',
            command: ['sh', '-c', 'mkdir -p "$RESULTS" && cd "$RESULTS" && eval "$SCRIPT"'],
            env: [{ name: 'RESULTS', value: '/results' }],
            // A few at a time, where a test has many: two cores carry a whole cluster beside them.
            resources: { requests: { cpu: '250m' } },
            ...container
          }]
        }
      }
    }
  }
}

/** Its script is JavaScript. */
const node = {
  image: 'dev.local/gx4ki-jobs:dev',
  command: [
    'node',
    '--input-type=module',
    '-e',
    "await import('data:text/javascript,' + encodeURIComponent(process.env.SCRIPT))"
  ]
}

const templates: Record<string, Changes> = {
  script: {},
  retried: { spec: { backoffLimit: 1 } },
  // Time to start on a cluster that has to wake the functions meanwhile.
  overdue: { spec: { activeDeadlineSeconds: 8 } },
  // As Kueue's webhook leaves a Job that names a queue: suspended, until the queue admits it.
  queued: { labels: { 'kueue.x-k8s.io/queue-name': 'simulations' }, spec: { suspend: true } },
  // Nobody can pull it; the local host knows no image at all, and would run the command.
  'no-image': {
    startSeconds: process.env['E2E_NODE_ADDRESS'] === undefined ? 12 : 40,
    container: { image: 'registry.invalid/nothing:1', command: undefined }
  },
  // The admission policy of the cluster does not know it.
  foreign: { container: { image: 'example.org/anything:1' } },
  small: {
    volumes: [{ name: 'results', emptyDir: { sizeLimit: '4Mi' } }],
    container: { resources: { limits: { memory: '32Mi' } } }
  },
  node: { container: node },
  // With the grace that a job has unless its template says otherwise: Knative may hold a request back for the 30 s that
  // it drains a pod.
  patient: { graceSeconds: 120, container: node }
}

/** Writes the templates of the tests into a folder that is there until this process ends. */
export function jobTemplates (): string {
  const folder = mkdtempSync(join(tmpdir(), 'gx4ki-test-'))
  process.on('exit', () => rmSync(folder, { recursive: true }))
  // JSON is YAML.
  for (const [name, changes] of Object.entries(templates)) {
    writeFileSync(join(folder, `${name}.yaml`), JSON.stringify(template(name, changes)))
  }
  return folder
}
