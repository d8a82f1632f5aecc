import t from 'tap'
import { kubectl, kubectlWith } from '../../support/kubectl.ts'

interface Rule {
  apiGroups: string[]
  resources: string[]
  verbs: string[]
  resourceNames?: string[]
}

/**
 * The rights of each service account in the namespace of the jobs, as the API server reports them. It has no other
 * rights, in this namespace or in others.
 */
const RIGHTS: Record<string, string[]> = {
  'gx4ki/deploy': [
    'batch/jobs create',
    'batch/jobs delete',
    'batch/jobs get',
    'batch/jobs list',
    'configmaps create',
    'pods list',
    'pods/log get',
    'secrets create'
  ],
  'gx4ki/job-completed': ['batch/jobs get', 'batch/jobs list', 'pods list', 'pods/log get'],
  'gx4ki/job-watch': ['pods list', 'pods/log get'],
  'gx4ki/result-fetch': [],
  'gx4ki/result-upload': [],
  'gx4ki-jobs/job-events': ['batch/jobs get', 'batch/jobs list', 'batch/jobs watch'],
  'gx4ki-jobs/default': []
}

for (const [account, rights] of Object.entries(RIGHTS)) {
  await t.test(`the token of ${account} gives exactly the rights that it needs`, (t) => {
    const [namespace, name] = account.split('/') as [string, string]
    const token = kubectl('create', 'token', name, '-n', namespace).trim()
    for (const there of ['gx4ki-jobs', 'gx4ki', 'kube-system']) {
      const review = {
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SelfSubjectRulesReview',
        spec: { namespace: there }
      }
      const { status } = JSON.parse(
        kubectlWith(JSON.stringify(review), '--token', token, 'create', '--validate=false', '-f', '-', '-o', 'json')
      ) as { status: { incomplete: boolean, resourceRules: Rule[] } }
      const allowed = status.resourceRules
        // Every account may ask for its own rights and its own identity.
        .filter(({ apiGroups: [group] }) => group !== 'authorization.k8s.io' && group !== 'authentication.k8s.io')
        .flatMap(({ apiGroups, resources, verbs }) =>
          apiGroups.flatMap((group) =>
            resources.flatMap((resource) =>
              verbs.map((verb) => `${group === '' ? '' : `${group}/`}${resource} ${verb}`)
            )
          )
        )
      t.strictSame(allowed.sort(), there === 'gx4ki-jobs' ? rights : [], there)
    }
    t.end()
  })
}

await t.test('Kubernetes refuses a request that needs a right the function does not have', (t) => {
  const token = kubectl('create', 'token', 'deploy', '-n', 'gx4ki').trim()
  for (
    const args of [['get', 'secrets'], ['get', 'configmaps'], ['delete', 'configmaps', '--all'], [
      'get',
      'secrets',
      '-n',
      'gx4ki'
    ]]
  ) {
    t.throws(() => kubectl('--token', token, '-n', 'gx4ki-jobs', ...args), /Forbidden/)
  }
  t.end()
})
