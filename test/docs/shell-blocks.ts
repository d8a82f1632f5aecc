import { execFile, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { certificateFor } from '../support/certificate-for.ts'
import { documentedTemplates } from '../support/documented-templates.ts'
import { testHost } from '../support/host.ts'
import { httpServer } from '../support/http-server.ts'
import { poll } from '../support/poll.ts'
import { GX4KI } from '../support/run-gx4ki.ts'
import { ELSEWHERE, PAGES, type ShellBlock, shellBlocks } from '../support/shell-blocks.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

/**
 * What stands in for programs here. kubectl does what needs no cluster: it checks what it would create, renders an
 * overlay, and has nothing to wait for; anything else fails. make finds its targets, and installs nothing.
 */
const PREAMBLE = `set -euo pipefail
gx4ki () { "$NODE" "$GX4KI" "$@"; }
npx () { [[ $1 = ./cli ]] && shift && gx4ki "$@"; }
make () { command make -s -C "$ROOT" -o node_modules/.installed "$@"; }
kubectl () {
  case $1 in
    create) command kubectl "$@" --dry-run=client --output=name;;
    apply) [[ $2 = -k ]] && command kubectl kustomize "$3";;
    wait|port-forward) ;;
    *) echo "kubectl $1 needs a cluster" >&2; return 1;;
  esac
}
`

const blocks = PAGES.flatMap(shellBlocks)
const elsewhereOf = ({ page, script }: ShellBlock) =>
  ELSEWHERE.filter((one) => one.page === page && script.startsWith(one.begins))
const has = (program: string): boolean => spawnSync('which', [program]).status === 0

await t.test('every block is run here, or the list says where and why', async (t) => {
  t.ok(blocks.length > 40)
  for (const one of ELSEWHERE) {
    t.equal(blocks.filter((block) => elsewhereOf(block).includes(one)).length, 1, `${one.page}: ${one.begins}`)
    t.ok(one.by === undefined || existsSync(one.by), `${one.by} exists`)
    t.not(one.why, '')
  }
  for (const { page, number, script } of blocks) {
    const { status, stderr } = spawnSync('bash', ['-n'], { input: script, encoding: 'utf8' })
    t.strictSame([status, stderr], [0, ''], `${page} ${number} is valid`)
  }
})

await t.test('every target of make in any page exists', async (t) => {
  const targets = [...readFileSync('Makefile', 'utf8').matchAll(/^([a-z\d-]+):/gm)].map(([, name]) => name!)
  const named = [...PAGES, 'CONTRIBUTING.md', 'ARCHITECTURE.md'].flatMap((page) =>
    [...readFileSync(page, 'utf8').matchAll(/(?:^|`|[A-Z_]+=\S+ |&& )make (?:-s )?([a-z][a-z\d-]*)/gm)]
      .map(([, target]) => [page, target!]))
  t.ok(named.length > 20)
  t.strictSame(named.filter(([, target]) => !targets.includes(target!)), [])
})

await t.test('the shell blocks of the pages', { skip: !has('curl') && 'curl is not on this machine' }, async (t) => {
  const folder = workFolder(t)
  const [receiver, provider] = [await httpServer(t), await httpServer(t)]
  const host = await testHost(t, {
    '*': {
      TEMPLATES_DIR: join(folder, 'examples/templates'),
      DEFAULT_TEMPLATE: 'drive',
      WEBHOOK_SECRETS_DIR: temporaryFolder(t, { default: `whsec_${randomBytes(32).toString('base64')}` }),
      WEBHOOK_DEFAULT_SECRET: 'default',
      EGRESS_ALLOWED_ORIGINS: receiver.url
    }
  })
  const id = await host.deploy({ template: 'guarded', callback: { url: receiver.url } })
  const callback = await poll('the callback is delivered', async () => {
    const { callbacks } = await (await fetch(`${host.url}/job/${id}/callback`)).json() as {
      callbacks: { id: string, state: string }[]
    }
    return callbacks.find(({ state }) => state === 'delivered')?.id
  })
  const own = {
    PATH: process.env['PATH']!,
    HOME: folder,
    ROOT: resolve('.'),
    NODE: process.execPath,
    GX4KI,
    GX4KI_URL: host.url,
    id,
    callback,
    PASSWORD: 'a password'
  }

  /** The addresses and the dates in the pages stand for those of a reader. */
  const asReader = (script: string): string => script
    .replaceAll(/http:\/\/127\.0\.0\.1:8080|https:\/\/jobs\.example\.org(?!\/connector)/g, host.url)
    .replaceAll('http://provider:19192', provider.url)
    .replaceAll(/\b20\d\d-\d\d-\d\d\b/g, new Date(Date.now() + 90 * 86_400_000).toISOString().slice(0, 10))

  const printed = new Map<string, string>()
  for (const block of blocks.filter((one) => elsewhereOf(one).length === 0)) {
    const name = `${block.page} ${block.number}: ${block.script.split('\n')[0]}`
    await t.test(name, { skip: missingFor(block.script) }, async (t) => {
      const run = promisify(execFile)('bash', ['-c', PREAMBLE + asReader(block.script)], { cwd: folder, env: own })
      run.child.stdin!.end()
      const { code, stdout, stderr } = await run.then(
        (streams) => ({ code: 0, ...streams }),
        (error: { code: number, stdout: string, stderr: string }) => error
      )
      t.equal(code, 0, `${stdout}${stderr}`)
      printed.set(block.page, `${printed.get(block.page) ?? ''}${stdout}${stderr}`)
    })
  }

  await t.test('do what the pages say', async (t) => {
    const first = printed.get('docs/tutorials/first-job.md') ?? ''
    const [, sum = 'none'] = /^([\da-f]{64}) {2}demo\/first-job\/drive\.mcap$/m.exec(first) ?? []
    t.match(first, `${sum}  -\n`, 'the same seed gives the same recording')
    t.match(first, /DURATION.*3600[^]*\nexit code 2\n/)
    t.match(printed.get('docs/tutorials/own-template.md'), /LENGTH_M.*0\.1[^]*exit code 2\n[^]*succeeded/)
    t.match(provider.received.map(({ method, url }) => `${method} ${url}`), ['POST /control/v1/dataplanes'])
    t.match(JSON.parse(String(provider.received[0]!.body)), { '@id': 'gx4ki-jobs', allowedSourceTypes: ['SimulationJob'] })
    t.match(printed.get('docs/access.md'), /gx4ki_\w+/, 'a key')
    t.match(printed.get('docs/install.md'), /kind: Service\n[^]*secret\/gx4ki-tls/)
  })
})

/** A folder with what a reader has in the checkout, as far as the blocks need it, and with the files of the reader. */
function workFolder (t: Test): string {
  const { cert, key } = certificateFor(t, 'DNS:jobs.example.org')
  const folder = temporaryFolder(t, {
    'provider.yaml': 'name: provider',
    'access-key': 'key',
    'secret-key': 'secret',
    'tls.crt': cert,
    'tls.key': key,
    'metrics.key': 'key',
    'token.txt': 'a token',
    'job.env': 'DURATION=5\n'
  })
  cpSync('examples', join(folder, 'examples'), { recursive: true })
  cpSync('knative', join(folder, 'knative'), { recursive: true, filter: (path) => !/\.(ts|env)$/.test(path) })
  symlinkSync(resolve('node_modules'), join(folder, 'node_modules'))
  mkdirSync(join(folder, '.config/fish/completions'), { recursive: true })
  const templates = documentedTemplates(join(folder, 'examples/templates'))
  const drive = readFileSync(join(templates, 'drive.yaml'), 'utf8')
  const secret = 'PASSWORD: {type: string, writeOnly: true, default: "", description: A secret}'
  writeFileSync(
    join(templates, 'guarded.yaml'),
    drive.replace('name: drive', 'name: guarded').replace(/^( *)(DURATION:)$/m, `$1${secret}\n$1$2`)
  )
  return folder
}

/** Which program of the block is not on this machine. */
function missingFor (script: string): string | false {
  const missing = ['kubectl', 'jq', 'openssl', 'sha256sum'].filter((name) => script.includes(name) && !has(name))
  return missing.length > 0 && `${missing.join(' and ')} is not on this machine`
}
