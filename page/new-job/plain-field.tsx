import { inputId } from './errors-by-field.ts'

interface FieldOptions {
  /** The name of the field in the request. */
  field: string
  label: string
  help: string
  value: string
  error: string | undefined
  change: (value: string) => void
}

/** A field of the request that is no variable. */
export function PlainField ({ field, label, help, value, error, change }: FieldOptions) {
  const id = inputId(field)
  return (
    <div class='field'>
      <label for={id}>{label}</label>
      <input
        id={id}
        type='text'
        autoComplete='off'
        aria-describedby={error === undefined ? `${id}-help` : `${id}-error ${id}-help`}
        aria-invalid={error !== undefined}
        value={value}
        onInput={({ currentTarget }) => change(currentTarget.value)}
      />
      {error !== undefined && <p id={`${id}-error`} class='bad-text'>{label} {error}</p>}
      <p id={`${id}-help`} class='quiet'>{help}</p>
    </div>
  )
}
