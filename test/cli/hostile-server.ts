import t from 'tap'
import { answerJson, jobApi, viewOf } from '../support/job-api.ts'
import { gx4kiAt } from '../support/run-gx4ki.ts'

/** It would set the title of a terminal, clear it, turn text around, and begin a line. */
const EVIL = '\u001b]0;x\u0007\u009b2J\u202e\r\nEVIL'

await t.test('nothing that a server or a job says can control a terminal', async (t) => {
  const api = await jobApi(t, { 'x\u202e\u009b': Buffer.from('x') })
  const job = {
    ...viewOf({ id: EVIL, state: EVIL }),
    ...Object.fromEntries(['reason', 'message', 'template', 'owner', 'created_at', 'expires_at'].map((name) => [name, EVIL])),
    env: { [EVIL]: EVIL }
  }
  const variable = { type: EVIL, default: EVIL, description: EVIL, pattern: EVIL }
  const documents: Record<string, object> = {
    '/job': { jobs: [job], next_cursor: null },
    [`/job/${api.id}`]: job,
    [`/job/${api.id}/callback`]: {
      callbacks: [{ id: EVIL, state: EVIL, call: EVIL, kind: EVIL, to: EVIL, attempts: [{ at: EVIL, error: EVIL }] }]
    },
    '/template': {
      templates: [{ name: 'one', description: EVIL, warnings: [EVIL], env: { properties: { [EVIL]: variable, A: variable } } }],
      refused: [{ file: EVIL, reason: EVIL }]
    }
  }
  api.instead = ({ url }, response) => {
    const document = documents[new URL(url, 'http://test').pathname]
    if (document !== undefined) answerJson(response, 200, document)
    return document !== undefined
  }
  const { onTerminal } = gx4kiAt(t, api.url)
  for (const [code, ...words] of [
    [0, 'status', api.id], [0, 'list'], [0, 'templates'], [0, 'templates', 'one'], [0, 'templates', 'one', '--env-example'],
    [0, 'callbacks', api.id], [0, 'cancel', api.id], [0, 'keep', api.id, '--for', '9d'], [0, 'files', api.id],
    [8, 'wait', api.id, '--timeout', '1s'], [0, 'download', api.id, '--so-far', '-d', 'into']
  ] as const) {
    const ended = await onTerminal(words as string[]).ended
    t.equal(ended.code, code, words.join(' '))
    // What gx4ki itself sends: colours, and the carriage return before a line that is drawn again.
    // eslint-disable-next-line no-control-regex -- these begin with one
    const text = ended.stdout.replaceAll(/\u001b\[\d*m|\r(?!\nEVIL)/g, '')
    t.notMatch(text, /[^\P{Cc}\n]|\u202e|^EVIL/mu, words.join(' '))
  }
})
