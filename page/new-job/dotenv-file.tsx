import { useState } from 'preact/hooks'
import { readDotenv } from '../../shared/dotenv/read-dotenv.ts'
import { useAction } from '../show/use-action.ts'
import type { Values } from './form-values.ts'

/** The largest body that the API accepts. */
const MOST_BYTES = 1024 * 1024

/** Reads a dotenv file into the form: chosen, or dropped here. Its lines are read by the same rules as in the API. */
export function DotenvFile ({ fill }: { fill: (values: Values) => void }) {
  const [said, setSaid] = useState<{ text: string, errors: { line: number, message: string }[] }>()
  const [isOver, setOver] = useState(false)

  const reading = useAction(async (file: File | undefined) => {
    if (file === undefined) return
    if (file.size > MOST_BYTES) return setSaid({ text: `${file.name} is too large for a dotenv file.`, errors: [] })
    const { variables, errors } = readDotenv(await file.text())
    const count = `${variables.size} ${variables.size === 1 ? 'variable' : 'variables'}`
    setSaid({ text: errors.length === 0 ? `${count} from ${file.name}` : `${file.name} is not taken:`, errors })
    if (errors.length === 0) fill(Object.fromEntries([...variables].map(([name, { value }]) => [name, value])))
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
        <div role='status' class={said.errors.length > 0 ? 'bad-text' : 'good'}>
          {said.text}
          <ul>{said.errors.map(({ line, message }) => <li key={line}>line {line} {message}</li>)}</ul>
        </div>
      )}
    </div>
  )
}
