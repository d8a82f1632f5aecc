import type { Static } from 'typebox'
import type { CallbackView } from '../../shared/job/callbacks/callback-view.ts'
import type { Command } from '../arguments/command.ts'
import { askJson } from '../api/ask.ts'
import { EXIT } from '../exit-codes.ts'
import { jobIdOf } from '../settings/last-job.ts'
import { printable } from '../../shared/words/printable.ts'
import { table } from '../show/table.ts'

type Callback = Static<typeof CallbackView>

export const callbacks: Command = {
  name: 'callbacks',
  usage: 'ID',
  least: 1,
  most: 1,
  summary: 'Shows the callbacks of a job, or sends one again',
  examples: ['gx4ki callbacks @last', 'gx4ki callbacks "$id" --redeliver "$callback"'],
  options: [{ name: 'redeliver', value: 'CALLBACK', help: 'send the callback with this id again' }],
  async run (session, given) {
    const path = `/job/${jobIdOf(session, given.positionals[0]!)}/callback`
    const again = given.text('redeliver')
    if (again !== undefined) {
      // Not repeated by itself: each of these requests is one more attempt.
      const sent = { method: 'POST' as const, path: `${path}/${encodeURIComponent(again)}/redeliver`, patience: 0 }
      const callback = await askJson<Callback>(session, sent, 'id')
      await session.answer(callback, () => '')
      await session.note('The callback is sent again, at once or within a minute.')
      return EXIT.done
    }
    const all = await askJson<{ callbacks: Callback[] }>(session, { path }, 'callbacks')
    await session.answer(all, () =>
      table(session.out, ['CALLBACK', 'STATE', 'REPORTS', 'KIND', 'TO', 'ATTEMPTS', 'LAST'], all.callbacks.map(rowOf)))
    if (all.callbacks.length === 0) await session.note('The job has no callbacks.')
    return EXIT.done
  }
}

function rowOf ({ id, state, call, kind, to, attempts }: Callback): string[] {
  const last = attempts.at(-1)
  const outcome = last === undefined ? '' : String(last.status ?? last.error ?? 'in progress')
  return [id, state, call, kind, to ?? '', String(attempts.length), outcome].map(printable)
}
