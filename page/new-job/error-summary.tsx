import { useEffect, useRef } from 'preact/hooks'
import { isRefusal } from '../api/refusal.ts'
import { errorsByField, inputId } from './errors-by-field.ts'

/** All errors of the request in one place, each with the way to its field. It takes the focus when it appears. */
export function ErrorSummary ({ error }: { error: Error }) {
  const box = useRef<HTMLDivElement>(null)
  useEffect(() => box.current?.focus(), [error])
  const errors = errorsByField(error)
  const { title, detail } = isRefusal(error) ? error.problem : { title: 'Something went wrong', detail: error.message }
  return (
    <div ref={box} class='box bad' role='alert' tabIndex={-1}>
      <strong>{errors.length === 0 ? title : `${errors.length} ${errors.length === 1 ? 'value is' : 'values are'} not accepted`}</strong>
      {errors.length === 0 && <p>{detail}</p>}
      {errors.length > 0 && (
        <ul>
          {errors.map(({ field, message }) => (
            <li key={field}>
              <a href={`#${inputId(field)}`} onClick={(event) => toField(event, field)}>{shown(field)}</a> {message}
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}

/** Without a change of the address, which names the view. */
function toField (event: Event, field: string): void {
  event.preventDefault()
  const input = document.getElementById(inputId(field))
  input?.closest('details')?.setAttribute('open', '')
  input?.focus()
}

function shown (field: string): string {
  return field.replace(/^env\./, '')
}
