import type { V1Job } from '@kubernetes/client-node'
import { Annotations, NEWER_FIELDS, PREFIX } from './annotations.ts'
import { type RefusalKind, unusable } from './refusals.ts'
import { didYouMean, wrongFields } from './wrong-fields.ts'

/**
 * Refuses fields that Kubernetes does not know, because it would ignore them: the job would run without its GPU. The
 * schema is that of the release that client-node was made for. An annotation lists the paths of fields that only a
 * newer cluster knows; they are sent as they are.
 */
export function checkFields (manifest: object, annotations: Record<string, string>): void {
  const newer = new Set((annotations[NEWER_FIELDS] ?? '').split(/[\s,]+/))
  const wrong: { path: string, kind: RefusalKind, message: string }[] = wrongFields(manifest, 'V1Job')
    .filter(({ path }) => !newer.has(path))
  const known = Object.keys(Annotations.properties).map((name) => name.slice(PREFIX.length))
  for (const annotation of Object.keys(annotations)) {
    if (!annotation.startsWith(PREFIX) || known.includes(annotation.slice(PREFIX.length))) continue
    wrong.push({
      path: `metadata.annotations["${annotation}"]`,
      kind: 'annotation',
      // Without the prefix, which makes all of them similar.
      message: `is no annotation of a template${didYouMean(annotation.slice(PREFIX.length), known, PREFIX)}`
    })
  }
  for (const path of misplaced(manifest)) {
    wrong.push({ path, kind: 'annotation', message: 'would be ignored; an annotation of a template belongs into metadata.annotations' })
  }
  if (wrong.length === 0) return
  const what = wrong.map(({ path, message }) => `${path} ${message}`).join('; ')
  throw unusable(wrong[0]!.kind, what)
}

/** What looks like an annotation of a template, and is a label or on the pod. */
function misplaced (manifest: object): string[] {
  const { metadata, spec } = manifest as V1Job
  const places = {
    'metadata.labels': metadata?.labels,
    'spec.template.metadata.annotations': spec?.template.metadata?.annotations,
    'spec.template.metadata.labels': spec?.template.metadata?.labels
  }
  return Object.entries(places).flatMap(([place, names = {}]) =>
    Object.keys(names).filter((name) => name.startsWith(PREFIX)).map((name) => `${place}["${name}"]`)
  )
}
