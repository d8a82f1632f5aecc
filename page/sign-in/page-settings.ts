import { unreachable, refusalOf } from '../api/refusal.ts'

/** What the installation tells the page: whether callers need a credential, and with which issuer they can sign in. */
export interface PageSettings {
  credentials: boolean
  api_keys: boolean
  oidc: { issuer: string, client_id: string, scope: string } | null
}

let settings: Promise<PageSettings> | undefined

export async function pageSettings (): Promise<PageSettings> {
  settings ??= read()
  return await settings.catch((error) => {
    settings = undefined
    throw error
  })
}

async function read (): Promise<PageSettings> {
  const answer = await fetch('./page/settings.json').catch((error) => {
    throw unreachable(error)
  })
  if (!answer.ok) throw await refusalOf(answer)
  return await answer.json() as PageSettings
}
