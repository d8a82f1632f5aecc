import { mkdirSync } from 'node:fs'
import { resolve } from 'node:path'
import { type Browser, type BrowserContext, chromium as launcher, type Page } from 'playwright-core'
import type { Test } from 'tap'
import { type Chromium, chromium } from './chromium.ts'

/** Where the pictures of failed tests are kept. */
const PICTURES = resolve('.local/page')

export interface Tab {
  page: Page
  context: BrowserContext
  /** Errors of scripts, and refusals of the Content-Security-Policy. */
  wrong: string[]
  /** The URLs that were asked for. */
  requested: string[]
}

/** Starts a Chromium for the tests of a file. Skips them, with the reason, where there is none. */
export async function browserFor (t: Test): Promise<Browser | undefined> {
  let found: Chromium
  try {
    found = chromium()
  } catch (error) {
    t.pass(`skipped: there is no Chromium (${(error as Error).message.trim()})`, { skip: true })
    return undefined
  }
  const browser = await launcher.launch({
    executablePath: found.executablePath,
    env: { ...process.env as Record<string, string>, ...found.env },
    // As root, and in containers, Chromium has no sandbox of its own.
    args: ['--no-sandbox', '--disable-dev-shm-usage']
  })
  t.teardown(() => browser.close())
  return browser
}

/** Opens a tab with a profile of its own. Fails the test when a script of the page fails; then it takes a picture. */
export async function openTab (t: Test, browser: Browser, options: Parameters<Browser['newContext']>[0] = {}): Promise<Tab> {
  const context = await browser.newContext({ acceptDownloads: true, ...options })
  const page = await context.newPage()
  page.setDefaultTimeout(30_000)
  const wrong: string[] = []
  const requested: string[] = []
  page.on('pageerror', (error) => wrong.push(error.message))
  page.on('console', (message) => {
    if (/Content.Security.Policy|Trusted/i.test(message.text())) wrong.push(message.text())
  })
  page.on('request', (request) => requested.push(request.url()))
  t.teardown(async () => {
    if (!t.passing() && !page.isClosed()) {
      mkdirSync(PICTURES, { recursive: true })
      const path = resolve(PICTURES, `${t.name.replace(/[^\w]+/g, '-')}.png`)
      await page.screenshot({ path, fullPage: true }).catch(() => {})
      console.error(`picture: ${path}`)
    }
    await context.close()
  })
  return { page, context, wrong, requested }
}
