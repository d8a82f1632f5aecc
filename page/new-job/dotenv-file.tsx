import { useState } from 'preact/hooks'
import { readDotenv } from '../../shared/dotenv/read-dotenv.ts'
import { utf8Fault } from '../../shared/http/bodies/utf8-fault.ts'
import { useAction } from '../show/use-action.ts'
import type { Values } from './form-values.ts'

/** The largest body that the API accepts. */
const MOST_BYTES = 1024 * 1024

interface Said {
  text: string
  isTaken: boolean
  errors: { line: number, message: string }[]
}

/** Reads a dotenv file into the form: chosen, or dropped here. Its lines are read by the same rules as in the API. */
export function DotenvFile ({ fill }: { fill: (values: Values) => void }) {
  const [said, setSaid] = useState<Said>()
  const [isOver, setOver] = useState(false)

  const reading = useAction(async (file: File | undefined) => {
    if (file === undefined) return
    const refuse = (why: string, errors: Said['errors'] = []): void =>
      setSaid({ text: `${file.name} ${why}`, isTaken: false, errors })
    if (file.size > MOST_BYTES) return refuse('is too large for a dotenv file.')
    const bytes = new Uint8Array(await file.arrayBuffer())
    const fault = utf8Fault(bytes)
    if (fault !== undefined) return refuse(`${fault}.`)
    const { variables, errors } = readDotenv(new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes))
    if (errors.length > 0) return refuse('is not taken:', errors)
    const count = `${variables.size} ${variables.size === 1 ? 'variable' : 'variables'}`
    setSaid({ text: `${count} from ${file.name}`, isTaken: true, errors })
    fill(Object.fromEntries([...variables].map(([name, { value }]) => [name, value])))
  })

  function drop (event: DragEvent): void {
    event.preventDefault()
    setOver(false)
    reading.run(event.dataTransfer?.files[0])
  }

  return (
    <div
      class={isOver ? 'drop over' : 'drop'}
      onDragOver={(event) => {
        event.preventDefault()
        setOver(true)
      }}
      onDragLeave={() => setOver(false)}
      onDrop={drop}
    >
      <label>
        Values from a dotenv file (choose it, or drop it here){' '}
        <input type='file' onChange={({ currentTarget }) => reading.run(currentTarget.files?.[0])} />
      </label>
      {said !== undefined && (
        <div role='status' class={said.isTaken ? 'good' : 'bad-text'}>
          {said.text}
          <ul>{said.errors.map(({ line, message }) => <li key={line}>line {line} {message}</li>)}</ul>
        </div>
      )}
    </div>
  )
}
