import { useState } from 'preact/hooks'
import { bytesText, durationText } from '../../shared/words/amounts.ts'
import { printable } from '../../shared/words/printable.ts'
import type { ResultFile } from '../api/shapes.ts'
import { Failure } from '../show/failure.tsx'
import { Loading } from '../show/loading.tsx'
import { useLoaded } from '../show/use-loaded.ts'
import { rangeReader } from './range-reader.ts'
import { readRecording } from './read-recording.ts'
import { ROUTE_BYTES, type Route } from './read-route.ts'
import { routePlot } from './route-plot.ts'

/** A page of more rows is of no use. */
const MOST_TOPICS = 500

/** What is in an MCAP recording, from some pieces of the file. */
export function Recording ({ id, file }: { id: string, file: ResultFile }) {
  const [read, setRead] = useState(0)
  const { value, error, again } = useLoaded(
    async (signal) => await readRecording(rangeReader(id, file, signal, setRead)),
    [file.sha256]
  )
  if (error !== undefined) return <Failure error={error} again={again} />
  if (value === undefined) return <Loading what={file.name} />
  const { topics, messages, seconds, start, readRoute } = value
  return (
    <div class='preview'>
      <p>
        {messages.toLocaleString('en')} messages in {durationText(seconds * 1000)}
        {start && <>, from {start.toISOString()}</>}
        <span class='quiet'> · read {bytesText(read)} of {bytesText(file.size)}</span>
      </p>
      <table>
        <caption class='unseen'>Topics of {file.name}</caption>
        <thead><tr><th scope='col'>Topic</th><th scope='col'>Type</th><th scope='col' class='number'>Messages</th></tr></thead>
        <tbody>
          {topics.slice(0, MOST_TOPICS).map(({ name, type, messages }) => (
            <tr key={name}>
              <th scope='row'>{printable(name)}</th>
              <td>{printable(type)}</td>
              <td class='number'>{messages.toLocaleString('en')}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {topics.length > MOST_TOPICS && <p class='quiet'>and {topics.length - MOST_TOPICS} more topics</p>}
      {readRoute !== undefined && <RouteView read={readRoute} />}
    </div>
  )
}

function RouteView ({ read }: { read: () => Promise<Route> }) {
  const { value, error, again } = useLoaded(read, [read])
  if (error !== undefined) return <Failure error={error} again={again} />
  if (value === undefined) return <Loading what='the route' />
  const plot = routePlot(value.positions)
  const gaps = gapWords(value)
  if (plot === undefined) return gaps === '' ? null : <p class='quiet'>The route is not drawn. {gaps}</p>
  const size = `${plot.width.toFixed(0)} m × ${plot.height.toFixed(0)} m`
  return (
    <figure>
      <svg class='route' viewBox={plot.viewBox} role='img' aria-label={`Route, ${size}`}>
        <path d={plot.path} />
        <circle class='start' cx={plot.start.x} cy={plot.start.y} r='14' />
        <circle class='end' cx={plot.end.x} cy={plot.end.y} r='14' />
      </svg>
      <figcaption>The route, {size}: from the ring to the dot{gaps !== '' && <>. {gaps}</>}</figcaption>
    </figure>
  )
}

/** What the page has not read, in words; empty if that is nothing. */
function gapWords ({ chunks, read, tooLarge }: Route): string {
  if (read === chunks) return ''
  const large = tooLarge === 0 ? '' : ` (${tooLarge} larger than ${ROUTE_BYTES / 1e6} MB)`
  return `Not read: ${chunks - read} of ${chunks} chunks with positions${large}`
}
