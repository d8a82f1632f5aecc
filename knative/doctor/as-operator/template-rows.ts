import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CoreV1Api, type KubeConfig, BatchV1Api, type V1Job } from '@kubernetes/client-node'
import { jobObject, type JobSettings } from '../../../functions/deploy/start/job-objects.ts'
import { type Template, type Templates, templatesIn } from '../../../functions/deploy/templates/read-templates.ts'
import { newJobId } from '../../../shared/job/job-id.ts'
import { broken, degraded, type Row, works } from '../row.ts'
import { wordsOf } from '../words-of.ts'

/** Reads the templates of a ConfigMap in the same way as deploy reads its folder of templates. */
export function readTemplates (data: Record<string, string>): Templates {
  const folder = mkdtempSync(join(tmpdir(), 'gx4ki-doctor-'))
  try {
    for (const [name, text] of Object.entries(data)) writeFileSync(join(folder, name), text)
    return templatesIn(folder, () => {})()
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Whether each template is usable and Kubernetes would accept the Job and the pod that deploy makes from it. */
export async function templateRows (
  config: KubeConfig,
  { usable, refused }: Templates,
  settings: JobSettings,
  defaultTemplate: string
): Promise<Row[]> {
  const rows = [...refused].map(([file, reason]) =>
    broken(
      `template ${file}`,
      `refused: ${reason}`,
      'correct the file in your overlay and kubectl apply -k your overlay; see docs/templates.md'
    )
  )
  for (const template of usable.values()) {
    rows.push(templateRow(template.name, await refusalOf(config, template, settings)), ...warningRows(template))
  }
  if (!usable.has(defaultTemplate)) {
    rows.push(
      broken(
        `template ${defaultTemplate}`,
        'is the default template, but does not exist',
        'set DEFAULT_TEMPLATE in the ConfigMap gx4ki-settings, or add the template'
      )
    )
  }
  return rows
}

/** Tries the pod as well as the Job, because Pod Security and quotas check only pods. */
async function refusalOf (config: KubeConfig, template: Template, settings: JobSettings): Promise<unknown> {
  const { namespace } = settings
  const job = jobObject(template, newJobId(), { plain: {}, secret: {} }, settings)
  try {
    await config.makeApiClient(BatchV1Api).createNamespacedJob({ namespace, body: job, dryRun: 'All' })
    await config.makeApiClient(CoreV1Api).createNamespacedPod({ namespace, body: podOf(job), dryRun: 'All' })
    return undefined
  } catch (error) {
    return error
  }
}

/** What the author of a usable template should change. */
export function warningRows ({ name, warnings }: Pick<Template, 'name' | 'warnings'>): Row[] {
  return warnings.map((warning) =>
    degraded(
      `results of ${name}`,
      warning,
      'correct the template in your overlay and kubectl apply -k your overlay; see docs/templates.md'
    )
  )
}

function podOf ({ metadata, spec }: V1Job) {
  const { metadata: { labels } = {}, spec: pod } = spec!.template
  return { metadata: { name: metadata!.name!, ...(labels && { labels }) }, spec: pod! }
}

export function templateRow (name: string, refusal: unknown): Row {
  const check = `template ${name}`
  if (refusal === undefined) return works(check, 'Kubernetes would accept its Job and its pod')
  const words = wordsOf(refusal)
  // Kubernetes makes such a pod later, when other jobs have ended.
  if (words.includes('exceeded quota')) {
    return degraded(check, words, 'wait until other jobs have ended, or raise the quota in base/limits.yaml')
  }
  return broken(
    check,
    words,
    'add its image to the ConfigMap gx4ki-images, and make its pod restricted; see docs/templates.md'
  )
}
