import { readFileSync } from 'node:fs'
import * as models from '@kubernetes/client-node'
import type { V1Job } from '@kubernetes/client-node'
import t from 'tap'
import { jobObject } from '../../../../functions/deploy/start/job-object.ts'
import type { Template } from '../../../../functions/deploy/templates/read-templates.ts'
import { newJobId } from '../../../../shared/job/job-id.ts'

type Fields = Record<string, any>

const docs = readFileSync('docs/templates.md', 'utf8')
const annotations = { 'example.org/own': 'kept', 'gx4ki.io/description': 'd' }
const given = { name: 'GIVEN', value: 'own' }

/** The paths in the table below a heading of docs/templates.md. */
function pathsBelow (heading: string): string[] {
  const [, section = ''] = docs.split(`\n${heading}\n`)
  return [...section.split(/\n#/)[0]!.matchAll(/^\| `([^`]+)` \|/gm)].map(([, path]) => path!).sort()
}

/** A value of a type of client-node, in which every field is set. */
function filled (type: string): unknown {
  const [, item] = /^Array<(.*)>$/.exec(type) ?? []
  if (item !== undefined) return [filled(item)]
  const [, value] = /^\{ \[key: string\]: (.*?);? \}$/.exec(type) ?? []
  if (value !== undefined) return { own: filled(value) }
  const model = (models as Fields)[type]
  if (typeof model?.getAttributeTypeMap === 'function') {
    const attributes = model.getAttributeTypeMap() as { baseName: string, type: string }[]
    return Object.fromEntries(attributes.map((one) => [one.baseName, filled(one.type)]))
  }
  return type === 'number' ? 7 : type === 'boolean' ? true : type === 'any' ? {} : 'own'
}

function fullManifest (): V1Job {
  const job = filled('V1Job') as Fields
  const pod = job['spec'].template.spec as Fields
  const container = pod['containers'][0] as Fields
  const mount = { ...container['volumeMounts'][0], mountPath: '/results' }
  pod['containers'] = [
    { ...container, name: 'main', env: [given], volumeMounts: [mount] },
    { ...container, name: 'second' }
  ]
  pod['volumes'][0].name = 'data'
  job['metadata'].annotations = annotations
  return { ...job, apiVersion: 'batch/v1', kind: 'Job' } as V1Job
}

const smallManifest = {
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: { name: 'small', annotations, labels: {} },
  spec: {
    template: {
      metadata: { labels: {} },
      spec: {
        securityContext: {},
        initContainers: [{ name: 'first', image: 'a', securityContext: {} }],
        containers: [
          { name: 'main', image: 'a', securityContext: {}, lifecycle: {} },
          { name: 'second', image: 'b', securityContext: {} }
        ]
      }
    }
  }
} as unknown as V1Job

/** The paths at which the Job of a manifest differs from it. */
function changesOf (manifest: V1Job): string[] {
  const template = { manifest, name: 'test', resultsPath: '/results' } as unknown as Template
  const env = { plain: { GIVEN: 'of the caller' }, secret: { NEW: 'of the caller' } }
  const settings = { namespace: 'jobs', image: 'uploader', uploadUrl: 'http://a' }
  const before = JSON.stringify(manifest)
  const job = jobObject(template, newJobId(), env, settings)
  t.equal(JSON.stringify(manifest), before)
  const pod = job.spec!.template.spec!
  const [uploader, ...others] = pod.initContainers!
  t.equal(uploader?.name, 'uploader')
  pod.initContainers = others
  const paths = ['spec.template.spec.initContainers', ...differences(manifest, JSON.parse(JSON.stringify(job)))]
  // What is done to the second container is done to every one.
  const ofAll = paths.filter((path) => path.includes('.containers[1]'))
  const ofFirst = new Set(ofAll.map((path) => path.replace('containers[1]', 'containers[0]')))
  return paths.filter((path) => !ofFirst.has(path))
    .map((path) => path.replace('containers[1]', 'containers[*]').replace('initContainers[0]', 'initContainers[*]'))
    .sort()
}

function differences (before: unknown, after: unknown, path = ''): string[] {
  if (JSON.stringify(before) === JSON.stringify(after)) return []
  const [a, b] = [before, after] as [Fields, Fields]
  const isObject = [a, b].every((one) => typeof one === 'object' && one !== null && !Array.isArray(one))
  // The entries of these are the operator's; what is added to them is in the text.
  if (isObject && !/\.(labels|annotations)$/.test(path)) {
    return [...new Set([...Object.keys(a), ...Object.keys(b)])].flatMap((key) =>
      differences(a[key], b[key], path === '' ? key : `${path}.${key}`))
  }
  if (Array.isArray(a) && Array.isArray(b) && a.length === b.length && /ontainers$/.test(path)) {
    return a.flatMap((one, at) => differences(one, b[at], `${path}[${at}]`))
  }
  return [path]
}

await t.test('docs/templates.md lists what deploy changes in a manifest that sets every field', async (t) => {
  const always = changesOf(fullManifest())
  t.same(always, pathsBelow('### Always'))
})

await t.test('docs/templates.md lists what deploy adds where a manifest does not set it', async (t) => {
  const always = new Set(pathsBelow('### Always'))
  t.same(changesOf(smallManifest).filter((path) => !always.has(path)), pathsBelow('### Where the manifest does not set it'))
})
