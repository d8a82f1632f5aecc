import { bytesText, durationText } from '../../shared/words/amounts.ts'
import type { ResultFile } from '../api/shapes.ts'
import { Failure } from '../show/failure.tsx'
import { Loading } from '../show/loading.tsx'
import { useLoaded } from '../show/use-loaded.ts'
import type { Position } from './position-of.ts'
import { rangeReader } from './range-reader.ts'
import { readRecording } from './read-recording.ts'
import { routePlot } from './route-plot.ts'

/** What is in an MCAP recording, from some pieces of the file. */
export function Recording ({ id, file }: { id: string, file: ResultFile }) {
  const { value, error, again } = useLoaded(async (signal) => {
    const reader = rangeReader(id, file, signal)
    return { ...await readRecording(reader), read: reader.passed() }
  }, [file.sha256])
  if (error !== undefined) return <Failure error={error} again={again} />
  if (value === undefined) return <Loading what={file.name} />
  const { topics, messages, seconds, start, readRoute, read } = value
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
          {topics.map(({ name, type, messages }) => (
            <tr key={name}>
              <th scope='row'>{name}</th>
              <td>{type}</td>
              <td class='number'>{messages.toLocaleString('en')}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {readRoute !== undefined && <Route read={readRoute} />}
    </div>
  )
}

function Route ({ read }: { read: () => Promise<Position[]> }) {
  const { value, error, again } = useLoaded(read, [])
  if (error !== undefined) return <Failure error={error} again={again} />
  if (value === undefined) return <Loading what='the route' />
  const plot = routePlot(value)
  if (plot === undefined) return null
  const size = `${plot.width.toFixed(0)} m × ${plot.height.toFixed(0)} m`
  return (
    <figure>
      <svg class='route' viewBox={plot.viewBox} role='img' aria-label={`Route, ${size}`}>
        <path d={plot.path} />
        <circle class='start' cx={plot.start.x} cy={plot.start.y} r='14' />
        <circle class='end' cx={plot.end.x} cy={plot.end.y} r='14' />
      </svg>
      <figcaption>The route, {size}: from the ring to the dot</figcaption>
    </figure>
  )
}
