import { existsSync, mkdirSync, readFileSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { localPaths, makeRoot } from '../../../../knative/local/kubernetes/container-root.ts'

await t.test('a path of the container in a text is replaced by the local path', async (t) => {
  const local = localPaths(
    new Map([
      ['/results', '/D/results'],
      ['/var/run', '/D/run'],
      ['/var/run/gx4ki', '/D/token'],
      ['/part.x', '/D/part/a/b']
    ])
  )
  const texts = {
    '/results': '/D/results',
    '/results/': '/D/results/',
    '/results/x.txt': '/D/results/x.txt',
    '--dir=/results/x': '--dir=/D/results/x',
    'cp /results/a "/results/b" > /results/c; cd /results':
      'cp /D/results/a "/D/results/b" > /D/results/c; cd /D/results',
    'a:/results:/var/run': 'a:/D/results:/D/run',
    '/var/run/gx4ki/uploader-token': '/D/token/uploader-token',
    '/part.x/y': '/D/part/a/b/y',
    '/resultsx /results.txt /results-2 /partax': '/resultsx /results.txt /results-2 /partax',
    'http://host/results http://host:80/results ./results $HOME/results $(pwd)/results //results':
      'http://host/results http://host:80/results ./results $HOME/results $(pwd)/results //results'
  }
  for (const [text, expected] of Object.entries(texts)) t.equal(local(text), expected)
})

/** A root with a volume at /data and one at /work/output. */
function rootOf (t: Test, more: object = {}, bundles?: string) {
  const dir = realpathSync(t.testdir({ volumes: { data: {}, results: {} } }))
  const [root, volumes] = [join(dir, 'root'), join(dir, 'volumes')]
  const volumeMounts = [{ name: 'data', mountPath: '/data' }, { name: 'results', mountPath: '/work/output/' }]
  return { root, volumes, ...makeRoot({ name: 'c', volumeMounts, ...more }, { root, volumes, bundles, env: { A: 'a' } }) }
}

await t.test('a container without workingDir starts in a folder of its own, which has the volumes', (t) => {
  const { root, volumes, cwd } = rootOf(t)
  t.equal(cwd, root)
  t.equal(realpathSync(join(cwd, 'work/output')), join(volumes, 'results'))
  t.equal(realpathSync(join(cwd, 'data')), join(volumes, 'data'))
  t.end()
})

await t.test('a workingDir at or below a mount path is in the volume, and any other is a folder of the container', (t) => {
  const folders = {
    '/data': 'volumes/data',
    '/data/a/b': 'volumes/data/a/b',
    '/database': 'root/database',
    '/work': 'root/work',
    '/work/output/': 'volumes/results',
    '/tmp': 'root/tmp',
    '/../../x': 'root/x',
    '/': 'root'
  }
  for (const [workingDir, folder] of Object.entries(folders)) {
    const { root, cwd } = rootOf(t, { workingDir })
    t.equal(cwd, join(root, '..', folder), workingDir)
    t.ok(existsSync(cwd), workingDir)
  }
  t.end()
})

await t.test('a text has the folder for a workingDir, but programs and devices stay those of the machine', (t) => {
  const inWork = rootOf(t, { workingDir: '/work' })
  t.equal(inWork.local('/work/a /work/output/b'), `${inWork.root}/work/a ${inWork.volumes}/results/b`)
  for (const workingDir of ['/', '/usr/bin', '/dev']) {
    t.equal(rootOf(t, { workingDir }).local('/usr/bin/env x > /dev/null'), '/usr/bin/env x > /dev/null', workingDir)
  }
  t.end()
})

await t.test('a part of a volume is made, and may have a variable in its name', (t) => {
  const { root, volumes } = rootOf(t, {
    volumeMounts: [
      { name: 'data', mountPath: '/one', subPath: 'x/y' },
      { name: 'data', mountPath: '/two', subPathExpr: 'of-$(A)' },
      { name: 'results', mountPath: '/one/within' }
    ]
  })
  t.equal(realpathSync(join(root, 'one')), join(volumes, 'data/x/y'))
  t.equal(realpathSync(join(root, 'two')), join(volumes, 'data/of-a'))
  t.strictSame(readdirSync(join(volumes, 'data/x/y')), [], 'a mount within a volume is no file of that volume')
  t.end()
})

await t.test('the image of the project has its programs in /app/dist, and their folder cannot be changed from there', (t) => {
  const bundles = t.testdir({ 'drive.cjs': 'program' })
  const dir = join(bundles, '..', 'of-image')
  mkdirSync(dir, { recursive: true })
  t.teardown(() => rmSync(dir, { recursive: true, force: true }))
  const { cwd, local } = makeRoot({ name: 'c' }, { root: join(dir, 'root'), volumes: dir, bundles, env: {} })
  t.equal(readFileSync(join(cwd, 'dist/drive.cjs'), 'utf8'), 'program')
  t.equal(local('/app/dist/drive.cjs'), join(dir, 'root/app/dist/drive.cjs'))
  writeFileSync(join(cwd, 'dist/more'), 'x')
  t.strictSame(readdirSync(bundles), ['drive.cjs'])
  t.end()
})

await t.test('each start of a container begins with an empty folder', (t) => {
  const first = rootOf(t)
  writeFileSync(join(first.cwd, 'left'), 'x')
  writeFileSync(join(first.volumes, 'data/kept'), 'x')
  const { cwd } = makeRoot({ name: 'c', volumeMounts: [{ name: 'data', mountPath: '/data' }] }, { ...first, env: {} })
  t.strictSame(readdirSync(cwd), ['data'])
  t.strictSame(readdirSync(join(cwd, 'data')), ['kept'])
  t.end()
})
