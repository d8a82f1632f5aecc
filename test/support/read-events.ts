export interface ServerEvent {
  event: string
  id?: string
  data: any
}

/** The events of an answer (text/event-stream), in order; a comment is an event without a name. */
export async function * readEvents (answer: Response): AsyncGenerator<ServerEvent> {
  let text = ''
  for await (const chunk of answer.body!.pipeThrough(new TextDecoderStream())) {
    const parts = (text + chunk).split('\n\n')
    text = parts.pop()!
    for (const part of parts) {
      const fields = Object.fromEntries(part.split('\n').map((line) => {
        const at = line.indexOf(':')
        return [line.slice(0, at), line.slice(at + 1).trimStart()]
      })) as Record<string, string>
      if (fields['retry'] !== undefined) continue
      const { event = '', id, data } = fields
      yield { event, ...id !== undefined && { id }, data: data === undefined ? undefined : JSON.parse(data) }
    }
  }
}

/** The lines of all `log` events. */
export function linesOf (events: ServerEvent[]): string[] {
  return events.filter(({ event }) => event === 'log').flatMap(({ data }) => data.lines)
}
