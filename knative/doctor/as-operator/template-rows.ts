import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CoreV1Api, type KubeConfig, BatchV1Api, type V1Job } from '@kubernetes/client-node'
import { jobObject, type JobSettings } from '../../../functions/deploy/start/job-objects.ts'
import { type Template, type Templates, templatesIn } from '../../../functions/deploy/templates/read-templates.ts'
import { newJobId } from '../../../shared/job/job-id.ts'
import { broken, degraded, type Row, works } from '../row.ts'
import { wordsOf } from '../words-of.ts'

/** The templates of a ConfigMap, read as deploy reads the folder that it is mounted as. */
export function readTemplates (data: Record<string, string>): Templates {
  const folder = mkdtempSync(join(tmpdir(), 'gx4ki-doctor-'))
  try {
    for (const [name, text] of Object.entries(data)) writeFileSync(join(folder, name), text)
    return templatesIn(folder, () => {})()
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Whether each template can be used, and Kubernetes would take the Job and the pod that become of it. */
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
      'mend it in your overlay, and kubectl apply -k it; docs/templates.md'
    )
  )
  for (const template of usable.values()) {
    rows.push(templateRow(template.name, await refusalOf(config, template, settings)))
  }
  if (!usable.has(defaultTemplate)) {
    rows.push(
      broken(
        `template ${defaultTemplate}`,
        'is the default one, and is not among the templates',
        'set DEFAULT_TEMPLATE in the ConfigMap gx4ki-settings, or add it'
      )
    )
  }
  return rows
}

/** Pod Security and quotas are about pods: of a Job they say nothing. */
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

function podOf ({ metadata, spec }: V1Job) {
  const { metadata: { labels } = {}, spec: pod } = spec!.template
  return { metadata: { name: metadata!.name!, ...(labels && { labels }) }, spec: pod! }
}

export function templateRow (name: string, refusal: unknown): Row {
  const check = `template ${name}`
  if (refusal === undefined) return works(check, 'Kubernetes would take its Job and its pod')
  const words = wordsOf(refusal)
  // It waits, and is made when others have ended.
  if (words.includes('exceeded quota')) {
    return degraded(check, words, 'wait for other jobs, or raise the quota: base/limits.yaml')
  }
  return broken(
    check,
    words,
    'its image must be in the ConfigMap gx4ki-images, and its pod restricted: docs/templates.md'
  )
}
