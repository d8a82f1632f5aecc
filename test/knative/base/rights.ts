import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t from 'tap'
import { readInstalled } from '../../support/read-yaml.ts'

interface Rule {
  apiGroups: string[]
  resources: string[]
  verbs: string[]
  resourceNames?: string[]
}

const objects = readInstalled()
const roles = objects.filter(({ kind }) => kind === 'Role')
const bindings = objects.filter(({ kind }) => kind === 'RoleBinding')

/** `verb resource` of all rules of a Role. */
function rightsOf (name: string): string[] {
  const rules: Rule[] = roles.find((role) => role.metadata.name === name)?.rules ?? []
  return rules.flatMap(({ resources, verbs }) =>
    resources.flatMap((resource) => verbs.map((verb) => `${verb} ${resource}`))
  ).sort()
}

const verbs: Record<string, string> = { read: 'get' }

/** `verb resource` of every call of the API server in a module and in all modules that it imports. */
function callsOf (module: string, seen = new Set<string>()): string[] {
  if (seen.has(module)) return []
  seen.add(module)
  const source = readFileSync(module, 'utf8')
  const found = [...source.matchAll(/\b(?:batch|core)\.([a-z]+)Namespaced(\w+)\(/g)].map(([, verb = '', kind = '']) =>
    `${verbs[verb] ?? verb} ${kind.toLowerCase()}s`
  )
  // What is sent as it is: deploy/start/create-object.ts. Its dry run of a pod is for the doctor only.
  found.push(...[...source.matchAll(/\bcreate(?:Object)?\([^()]*'(jobs|configmaps|secrets)'/g)].map(([, kind]) => `create ${kind}`))
  if (/\/pods\/.*\/log\b/.test(source)) found.push('get pods/log')
  const imported = [...source.matchAll(/from '(\.[^']+)'/g)].flatMap(([, path = '']) =>
    callsOf(join(dirname(module), path), seen)
  )
  return [...new Set([...found, ...imported])].sort()
}

await t.test('a function has exactly the rights for its calls', async (t) => {
  for (const name of ['deploy', 'job-completed', 'job-watch']) {
    const calls = callsOf(`functions/${name}/main.ts`)
    t.ok(calls.length >= 2, `${name} calls the API server`)
    t.strictSame(rightsOf(name), calls, name)
  }
  t.strictSame(
    rightsOf('job-events'),
    ['get jobs', 'list jobs', 'watch jobs'],
    'the rights that Knative requires for an ApiServerSource'
  )
})

await t.test('result-fetch and result-upload do not call Kubernetes, have no Role and get no token', async (t) => {
  for (const name of ['result-fetch', 'result-upload']) {
    t.strictSame(callsOf(`functions/${name}/main.ts`), [], name)
    t.notOk(
      bindings.some(({ subjects }) => subjects.some((subject: { name: string }) => subject.name === name)),
      `${name} is bound to no Role`
    )
    const account = objects.find(({ kind, metadata }) => kind === 'ServiceAccount' && metadata.name === name)
    const service = objects.find(({ kind, apiVersion, metadata }) =>
      kind === 'Service' && apiVersion.startsWith('serving') && metadata.name === name
    )
    t.equal(account?.automountServiceAccountToken, false)
    t.equal(service?.spec.template.spec.automountServiceAccountToken, false)
  }
})

await t.test('no Role can read Secrets or enter a pod, and none has a wildcard or cluster-wide rights', async (t) => {
  t.strictSame(objects.filter(({ kind }) => kind.startsWith('ClusterRole')), [])
  for (const { metadata, rules } of roles) {
    for (const rule of rules as Rule[]) {
      const words = [...rule.apiGroups, ...rule.resources, ...rule.verbs]
      t.notOk(words.some((word) => word.includes('*')), `${metadata.name}: no wildcard`)
      t.notOk(
        words.some((word) => /exec|attach|portforward|proxy|ephemeral|escalate|bind|impersonate/.test(word)),
        `${metadata.name}: no way into a pod or to other rights`
      )
      if (rule.resources.includes('secrets')) {
        t.strictSame(rule.verbs, ['create'], `${metadata.name}: may only create Secrets`)
      }
    }
  }
})

await t.test('every Role is in the namespace of the jobs and has one subject, and only deploy creates Jobs', async (t) => {
  t.strictSame(roles.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`).sort(), [
    'gx4ki-jobs/deploy',
    'gx4ki-jobs/job-completed',
    'gx4ki-jobs/job-events',
    'gx4ki-jobs/job-watch'
  ])
  t.strictSame(
    roles.filter(({ metadata }) => rightsOf(metadata.name).includes('create jobs')).map(({ metadata }) =>
      metadata.name
    ),
    ['deploy']
  )
  t.equal(bindings.length, roles.length)
  for (const { metadata, roleRef, subjects } of bindings) {
    t.match({ namespace: metadata.namespace, roleRef }, {
      namespace: 'gx4ki-jobs',
      roleRef: { kind: 'Role', name: metadata.name }
    })
    t.equal(subjects.length, 1)
    t.ok(
      objects.some((object) =>
        object.kind === 'ServiceAccount' && object.metadata.name === subjects[0].name &&
        object.metadata.namespace === subjects[0].namespace
      ),
      `the ServiceAccount of ${metadata.name} exists`
    )
  }
})
