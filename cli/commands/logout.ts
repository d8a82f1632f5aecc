import type { Command } from '../arguments/command.ts'
import { EXIT } from '../exit-codes.ts'
import { readConfig, writeConfig } from '../settings/config-file.ts'

export const logout: Command = {
  name: 'logout',
  usage: '',
  summary: 'Removes the kept token of a server from this machine',
  examples: ['gx4ki logout', 'gx4ki logout --url https://jobs.example.org'],
  async run (session) {
    const { origin } = new URL(session.settings.url)
    const { tokens, ...config } = readConfig(session.env)
    const { [origin]: removed, ...others } = tokens
    writeConfig(session.env, { ...config, tokens: others })
    await session.answer({ url: session.settings.url, removed: removed !== undefined }, () => '')
    await session.note(removed === undefined ? `There was no token for ${origin}.` : `The token for ${origin} is removed.`)
    return EXIT.done
  }
}
