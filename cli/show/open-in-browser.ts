import type { World } from '../world.ts'

/** How long an opener may take to fail. One that goes on for longer may be the browser itself. */
const LONGEST_MS = 3000

/** Opens an address with the opener of the system. Returns why that did not work, or `undefined`. */
export async function openInBrowser (url: string, env: World['env']): Promise<string | undefined> {
  // Named late: no other command needs it.
  const { spawn } = await import('node:child_process')
  const [program, ...words] = openerFor(process.platform, url)
  // Detached: Ctrl-C on this terminal is not meant for the browser.
  const child = spawn(program, words, { env, stdio: 'ignore', detached: true, windowsVerbatimArguments: true })
  let timer: NodeJS.Timeout | undefined
  try {
    return await new Promise((resolve) => {
      timer = setTimeout(resolve, LONGEST_MS, undefined)
      child.once('error', ({ message }) => resolve(message))
      child.once('exit', (code) => resolve(code === 0 ? undefined : `${program} failed`))
    })
  } finally {
    clearTimeout(timer)
    child.unref()
  }
}

function openerFor (platform: NodeJS.Platform, url: string): [string, ...string[]] {
  if (platform === 'darwin') return ['open', url]
  // A URL has no quotation mark. The empty one is the title of a window.
  if (platform === 'win32') return ['cmd.exe', '/d', '/s', '/c', `"start "" "${url}""`]
  return ['xdg-open', url]
}
