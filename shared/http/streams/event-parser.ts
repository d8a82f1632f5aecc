/** An event of a stream of server-sent events. */
export interface ServerEvent {
  id: string | undefined
  type: string
  data: string
}

/** Reads the events of a stream from its text, piece by piece, as the HTML standard defines. */
export function eventParser (): (text: string) => ServerEvent[] {
  let rest = ''
  let isFirst = true
  let id: string | undefined
  let type = ''
  let data: string[] = []

  return function parse (text) {
    rest += isFirst && text.startsWith('\uFEFF') ? text.slice(1) : text
    isFirst &&= text === ''
    const events: ServerEvent[] = []
    const lines = rest.split(/\r\n|\n|\r(?!$)/)
    rest = lines.pop()!
    for (const line of lines) take(line, events)
    return events
  }

  function take (line: string, events: ServerEvent[]): void {
    if (line === '') {
      if (data.length > 0) events.push({ id, type: type || 'message', data: data.join('\n') })
      type = ''
      data = []
      return
    }
    const [, field = line, value = ''] = /^([^:]*):? ?([^]*)$/.exec(line) ?? []
    if (field === 'event') type = value
    if (field === 'data') data.push(value)
    if (field === 'id' && !value.includes('\0')) id = value
  }
}
