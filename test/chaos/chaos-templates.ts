import { mkdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

export type ChaosTemplate = 'chaos' | 'chaos-twice' | 'chaos-overdue' | 'chaos-stubborn'

const env = `
type: object
properties:
  CHAOS_JOB: { type: string, description: The name of the job in the plan, default: "" }
  CHAOS_SCRIPT: { type: string, description: What workload.py does, default: "{}" }
  CHAOS_TRUTH: { type: string, description: The folder for the record of the results, default: "" }
`

/** So long that the end of the faults always comes first. */
const NO_END_SECONDS = 3600

const changes: Record<ChaosTemplate, { job?: object, graceSeconds?: number }> = {
  chaos: {},
  'chaos-twice': { job: { backoffLimit: 1 } },
  'chaos-overdue': { job: { activeDeadlineSeconds: 6 } },
  // Of which the workload gets a third.
  'chaos-stubborn': { graceSeconds: 9 }
}

/** Writes the templates of the chaos jobs into a new folder. */
export function writeChaosTemplates (folder: string): string {
  mkdirSync(folder)
  for (const [name, { job = {}, graceSeconds = NO_END_SECONDS }] of Object.entries(changes)) {
    const template = {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: {
        name,
        annotations: {
          'gx4ki.io/description': 'Does what its script says, and records its results',
          'gx4ki.io/env': env,
          'gx4ki.io/results': '/results',
          'gx4ki.io/start-deadline-seconds': String(NO_END_SECONDS)
        }
      },
      spec: {
        backoffLimit: 0,
        ...job,
        template: {
          spec: {
            restartPolicy: 'Never',
            terminationGracePeriodSeconds: graceSeconds,
            containers: [{
              name: 'workload',
              image: 'dev.local/python:chaos',
              command: ['python3', resolve(import.meta.dirname, 'workload.py')],
              env: [{ name: 'RESULTS', value: '/results' }]
            }]
          }
        }
      }
    }
    // JSON is YAML.
    writeFileSync(join(folder, `${name}.yaml`), JSON.stringify(template))
  }
  return folder
}
