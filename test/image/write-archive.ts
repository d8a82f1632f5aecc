import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chownSync, globSync, lstatSync, mkdirSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { runContainer, unpackImage, unpackRunc } from '../support/run-image.ts'

const folder = t.testdir({ runc: {} })
const image = unpackImage('dist/image.tar', folder)
const { rootfsFolder } = image
const sha256 = (file: string) => createHash('sha256').update(readFileSync(file)).digest('hex')

await t.test('the image has the name that the manifests use', async (t) => {
  for (
    const file of globSync('knative/{base,templates}/*.yaml').filter((file) => !file.endsWith('carla-minimal.yaml'))
  ) {
    for (const [, name] of readFileSync(file, 'utf8').matchAll(/^ *image: (dev\.local.*)/gm)) {
      t.equal(
        name,
        image.name,
        file
      )
    }
  }
})

await t.test('the page and the OpenAPI documents lie beside the bundles', async (t) => {
  const page = globSync('*', { cwd: 'dist/page' }).sort()
  t.strictSame(readdirSync(join(rootfsFolder, 'app/dist/page')).sort(), page)
  const documents = globSync('*.json', { cwd: 'dist/openapi' }).sort()
  t.ok(documents.includes('callers.json'))
  t.strictSame(readdirSync(join(rootfsFolder, 'app/dist/openapi')).sort(), documents)
})

await t.test('Node is the only program in the image, and the image is smaller than 155 MB', async (t) => {
  const files = globSync('**', { cwd: rootfsFolder }).map((path) => ({
    path,
    stat: lstatSync(join(rootfsFolder, path))
  })).filter(({ stat }) => stat.isFile())
  const programs = files.filter(({ path, stat }) => (stat.mode & 0o111) !== 0 && !/\.so(\.\d+)*$/.test(path))
  t.strictSame(programs.map(({ path }) => path), ['usr/local/bin/node'])
  t.strictSame(files.filter(({ stat }) => (stat.mode & 0o6022) !== 0), [], 'nothing is setuid or writable by others')
  t.ok(files.reduce((sum, { stat }) => sum + stat.size, 0) < 155e6)
})

await t.test('the bill of materials lists the contents of the image', async (t) => {
  const { components } = JSON.parse(readFileSync('dist/image.cdx.json', 'utf8')) as {
    components: { name: string, version: string, purl: string }[]
  }
  const debian = readdirSync(join(rootfsFolder, 'var/lib/dpkg/status.d')).map((name) => {
    const [, version] = /^Version: (.*)/m.exec(readFileSync(join(rootfsFolder, 'var/lib/dpkg/status.d', name), 'utf8'))!
    return { name, version }
  })
  t.match(debian, [{ name: 'base-files' }, { name: 'ca-certificates' }])
  t.strictSame(
    components.filter(({ purl }) => purl.startsWith('pkg:deb/')).map(({ name, version }) => ({ name, version })),
    debian
  )
  const npm = new Map(
    components.filter(({ purl }) => purl.startsWith('pkg:npm/')).map(({ name, version }) => [name, version])
  )
  t.equal(`v${npm.get('node')}`, process.version)
  // A package of every function, one of some functions, and a transitive one. Development tools are not included.
  for (const name of ['fastify', '@kubernetes/client-node', 'avvio']) {
    t.equal(npm.get(name), JSON.parse(readFileSync(`node_modules/${name}/package.json`, 'utf8')).version, name)
  }
  t.notOk(npm.has('typescript'))
  t.equal(new Set(components.map(({ purl }) => purl)).size, components.length, 'each component once')
})

await t.test('the same files give the same image, whatever the umask', async (t) => {
  const before = sha256('dist/image.tar')
  const umask = process.umask(0o077)
  t.teardown(() => process.umask(umask))
  for (const program of ['lay-out', 'write-archive']) execFileSync(process.execPath, [`image/${program}.ts`])
  t.equal(sha256('dist/image.tar'), before)
})

await t.test('in a container with a read-only root, no capability and no network', {
  skip: process.getuid?.() !== 0 && 'only root can start containers'
}, async (t) => {
  const runc = unpackRunc(join(folder, 'runc'))
  const run = (args: string[], options?: { env?: Record<string, string>, results?: string }) => {
    const { status, stdout, stderr } = runContainer(
      runc,
      image,
      join(folder, `container-${args.join('-').replaceAll(/\W+/g, '-').slice(0, 40)}`),
      args,
      options
    )
    return { status, stdout, stderr }
  }

  await t.test('the user is unprivileged and can write nowhere, and the certificates are installed', async (t) => {
    const { status, stdout, stderr } = run([
      'node',
      '-p',
      `JSON.stringify({
      version: process.version,
      user: require('os').userInfo().username,
      ids: [process.getuid(), process.getgid(), ...process.getgroups()],
      capabilities: require('fs').readFileSync('/proc/self/status', 'utf8').match(/CapEff:\\s*(.*)/)[1],
      writable: ['/', '/app', '/app/dist', '/tmp'].filter(folder => { try { require('fs').writeFileSync(folder + '/file', ''); return true } catch { return false } }),
      certificates: require('tls').getCACertificates('system').length > 100
    })`
    ])
    t.equal(status, 0, stderr)
    t.strictSame(JSON.parse(stdout), {
      version: process.version,
      user: 'nonroot',
      ids: [65532, 65532, 65532],
      capabilities: '0000000000000000',
      writable: [],
      certificates: true
    })
  })

  for (const name of readdirSync('functions')) {
    await t.test(`${name} starts and reports the missing settings`, async (t) => {
      const { status, stdout, stderr } = run(['node', `dist/${name}.cjs`])
      t.equal(status, 1)
      t.match(stdout + stderr, /"msg":"wrong settings: .*'S3_ACCESS_KEY'/)
    })

    await t.test(`V8 takes ${name} from the compile cache`, async (t) => {
      const { stderr } = run(['node', '--no-deprecation', `dist/${name}.cjs`], { env: { NODE_DEBUG_NATIVE: 'COMPILE_CACHE' } })
      t.match(stderr, new RegExp(`cache for CommonJS /app/dist/${name}\\.cjs was accepted`))
    })
  }

  await t.test('the doctor starts and reports the missing settings', async (t) => {
    t.match(run(['node', 'dist/doctor.cjs']), { status: 1, stderr: /wrong settings: .*'S3_ACCESS_KEY'/ })
  })

  await t.test('the uploader refuses to start without its settings', async (t) => {
    t.match(run(['node', 'dist/uploader.cjs']), { status: 1, stdout: 'uploader: STOP_FILE is not set\n' })
  })

  await t.test('drive leaves its files in the result folder', async (t) => {
    const results = join(folder, 'results')
    mkdirSync(results)
    chownSync(results, 65532, 65532)
    const { status, stderr } = run(['node', 'dist/drive.cjs'], {
      env: { RESULT_DIR: '/results', DURATION: '1', REAL_TIME_FACTOR: '0' },
      results
    })
    t.equal(status, 0, stderr)
    const files = ['.gx4ki-progress', 'drive.mcap', 'metadata.yaml', 'route.svg', 'summary.json']
    t.strictSame(readdirSync(results).sort(), files)
    t.match(JSON.parse(readFileSync(join(results, 'summary.json'), 'utf8')), { complete: true })
    t.equal(lstatSync(join(results, 'drive.mcap')).uid, 65532)
  })
})
