import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { KubeConfig, V1Job } from '@kubernetes/client-node'
import { createObject } from '../../../functions/deploy/start/create-object.ts'
import { jobObject } from '../../../functions/deploy/start/job-object.ts'
import type { JobSettings } from '../../../functions/deploy/start/uploader-container.ts'
import { type Template, type Templates, templatesIn } from '../../../functions/deploy/templates/read-templates.ts'
import { apiServerOf } from '../../../shared/kubernetes/any-kubeconfig.ts'
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
    const { warnings, refusal } = await tryTemplate(config, template, settings)
    rows.push(
      templateRow(template.name, refusal),
      ...warningRows({ name: template.name, warnings: [...template.warnings, ...warnings] })
    )
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

/**
 * Tries the pod as well as the Job, because Pod Security and quotas check only pods. Both are sent as deploy sends
 * them. What the API server warns of is returned too.
 */
async function tryTemplate (
  config: KubeConfig,
  template: Template,
  { namespace, ...settings }: JobSettings
): Promise<{ warnings: string[], refusal?: unknown }> {
  const place = { api: await apiServerOf(config), namespace }
  const job = jobObject(template, newJobId(), { plain: {}, secret: {} }, { namespace, ...settings })
  const warnings: string[] = []
  try {
    warnings.push(...(await createObject(place, 'jobs', job, { dryRun: 'All' })).warnings)
    warnings.push(...(await createObject(place, 'pods', podOf(job), { dryRun: 'All' })).warnings)
    return { warnings: [...new Set(warnings)] }
  } catch (refusal) {
    return { warnings, refusal }
  }
}

/** What the author of a usable template should change. */
export function warningRows ({ name, warnings }: Pick<Template, 'name' | 'warnings'>): Row[] {
  return warnings.map((warning) =>
    degraded(
      `warning of template ${name}`,
      warning,
      'correct the template in your overlay and kubectl apply -k your overlay; see docs/templates.md'
    )
  )
}

function podOf ({ metadata, spec }: V1Job) {
  const { metadata: own, spec: pod } = spec!.template
  const { name, namespace } = metadata!
  return { apiVersion: 'v1', kind: 'Pod', metadata: { ...own, name: name!, namespace: namespace! }, spec: pod! }
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
    'allow its images, Secrets and labels in the ConfigMaps gx4ki-images, gx4ki-secrets and gx4ki-labels, and make its ' +
      'pod restricted; see docs/templates.md'
  )
}
