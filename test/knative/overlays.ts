import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { readYaml as parseYaml } from '../../shared/settings/read-yaml.ts'
import t from 'tap'
import { parseTemplate } from '../../functions/deploy/templates/read-templates.ts'
import { identifyBy } from '../../shared/access/identify-caller.ts'
import { readInstalled, readYaml } from '../support/read-yaml.ts'

interface Kustomization {
  resources: string[]
  components?: string[]
  configMapGenerator?: { files: string[] }[]
  secretGenerator?: { name: string, envs: string[] }[]
  patches?: { target?: object, patch: string }[]
  images?: { newName: string, digest: string }[]
}

const read = (folder: string) =>
  parseYaml(readFileSync(join('knative', folder, 'kustomization.yaml'), 'utf8')) as Kustomization
const base = readYaml('knative/base')

await t.test('every file and folder that a kustomization names exists', async (t) => {
  for (
    const folder of [
      'base',
      'components/path-router',
      'components/gateway',
      'components/prometheus',
      'components/job-events',
      'overlays/minikube',
      'overlays/production'
    ]
  ) {
    const { resources, components = [], configMapGenerator = [] } = read(folder)
    for (const name of [...resources, ...components, ...configMapGenerator.flatMap(({ files }) => files)]) {
      t.ok(existsSync(join('knative', folder, name)), `${folder}: ${name}`)
    }
  }
})

await t.test('an installation has one entry point: the Gateway or the path router', async (t) => {
  t.strictSame(read('overlays/minikube').components, ['../../components/path-router'])
  t.strictSame(read('overlays/production').components, ['../../components/gateway'])
})

await t.test('the Secrets of minikube are made from files that git ignores', async (t) => {
  const wanted = new Set(
    base.flatMap((object) =>
      [...JSON.stringify(object).matchAll(/"secretKeyRef":\{"name":"([\w-]+)"/g)].map(([, name]) => name)
    )
  )
  const { secretGenerator = [] } = read('overlays/minikube')
  t.strictSame(secretGenerator.map(({ name }) => name).sort(), [...wanted].sort())
  t.match(readFileSync('.gitignore', 'utf8'), /^knative\/overlays\/\*\/\*\.env$/m)
  for (const { envs } of secretGenerator) for (const file of envs) t.match(file, /^[\w-]+\.env$/)
})

await t.test('production requires API keys and mounts them in API_KEYS_DIR; minikube sets ANONYMOUS=allowed', async (t) => {
  const settings = (name: string): Record<string, string> => {
    const { data } = base.find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === 'gx4ki-settings')!
    const patches = read(`overlays/${name}`).patches!.flatMap(({ target, patch }) =>
      target === undefined ? [parseYaml(patch) as typeof base[number]] : []
    )
    return Object.assign({}, data, ...patches.map((patch) => patch.data))
  }
  const [minikube, production] = [settings('minikube'), settings('production')]
  const HOST = '0.0.0.0'
  t.equal(identifyBy({ HOST, ...minikube }, () => {}), undefined)
  t.match(production, { ANONYMOUS: undefined, API_KEYS_DIR: /^\// })
  for (const name of ['deploy', 'job-watch', 'result-fetch']) {
    const { containers: [container], volumes } = base.find(({ apiVersion, metadata }) =>
      apiVersion.startsWith('serving') && metadata.name === name
    )!.spec.template.spec
    const mount = container.volumeMounts.find(({ mountPath }: { mountPath: string }) =>
      mountPath === production['API_KEYS_DIR']
    )
    t.match(volumes.find((volume: { name: string }) => volume.name === mount?.name), {
      secret: { secretName: 'gx4ki-api-keys' }
    }, name)
  }
  t.throws(
    () =>
      identifyBy({
        HOST,
        ...base.find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === 'gx4ki-settings')!.data
      }, () => {}),
    /to require credentials/,
    'the base alone does not start'
  )
})

await t.test('minikube makes the bucket that the functions use', async (t) => {
  const minio = readInstalled().find(({ kind, metadata }) => kind === 'Deployment' && metadata.name === 'minio')!
  const { data } = base.find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === 'gx4ki-settings')!
  t.strictSame(minio.spec.template.spec.initContainers[0].command, ['mkdir', '-p', `/data/${data.S3_BUCKET}`])
  t.equal(data.S3_ENDPOINT, `http://minio.${minio.metadata.namespace}.svc:9000`)
})

await t.test("production names images by digest, and its template otherwise equals the repository's", async (t) => {
  const [image] = read('overlays/production').images!
  t.match(image, { digest: /^sha256:[0-9a-f]{64}$/ })
  const template = (folder: string) => parseTemplate(readFileSync(join('knative', folder, 'drive.yaml'), 'utf8'))
  const [ours, theirs] = [template('overlays/production/templates'), template('templates')]
  const [workload] = theirs.manifest.spec!.template.spec!.containers
  workload!.image = `${image!.newName}@${image!.digest}`
  t.strictSame(ours, theirs)
})
