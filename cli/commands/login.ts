import type { Command } from '../arguments/command.ts'
import { ask } from '../api/ask.ts'
import { EXIT } from '../exit-codes.ts'
import { Failure } from '../failure.ts'
import type { Session } from '../session.ts'
import { configPath, readConfig, writeConfig } from '../settings/config-file.ts'
import { apiUrl, checkedToken } from '../settings/read-settings.ts'

export const login: Command = {
  name: 'login',
  usage: '[URL]',
  most: 1,
  summary: 'Keeps the address of the API and a token for it',
  details: [
    'Asks for an API key or an OIDC token, without showing it; from a pipe, it is read from stdin. The token is checked ' +
    'with the server first. It is kept in a file that only you can read, and sent to this server only. A server that ' +
    'asks for no token gets none.'
  ],
  examples: ['gx4ki login https://jobs.example.org', 'gx4ki login https://jobs.example.org < token.txt'],
  async run (session, given) {
    const { settings, env, input } = session
    const url = given.positionals[0] === undefined ? settings.url : apiUrl(given.positionals[0], 'URL')
    const { origin } = new URL(url)
    const config = readConfig(env)
    if (await admits({ ...session, settings: { url } })) {
      writeConfig(env, { ...config, url })
      await session.answer({ url, token: false }, () => '')
      await session.note(`${url} asks for no token. Its address is kept in ${configPath(env)}.`)
      return EXIT.done
    }
    const typed = input.isTerminal ? await input.secret(`Token for ${origin}: `) : String(await input.bytes())
    session.interrupt.throwIfAborted()
    const token = checkedToken(typed, 'stdin')
    if (!await admits({ ...session, settings: { url, token } })) {
      throw new Failure(EXIT.access, `${url} does not accept the token`, { type: 'urn:gx4ki:problem:unauthorized' })
    }
    writeConfig(env, { url, tokens: { ...config.tokens, [origin]: token } })
    await session.answer({ url, token: true }, () => '')
    await session.note(`The token for ${origin} is kept in ${configPath(env)}.`)
    return EXIT.done
  }
}

/** Whether the server accepts this token, or none. A token that must not read jobs is a right one too. */
async function admits (session: Session): Promise<boolean> {
  try {
    await ask(session, { path: '/job?limit=1' })
    return true
  } catch (error) {
    if (error instanceof Failure && error.is('forbidden')) return session.settings.token !== undefined
    if (error instanceof Failure && error.is('unauthorized')) return false
    throw error
  }
}
