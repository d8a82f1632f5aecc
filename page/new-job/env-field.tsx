import type { Variable } from '../api/shapes.ts'
import { inputId } from './errors-by-field.ts'
import { rangeWords } from './range-words.ts'

interface FieldOptions {
  name: string
  variable: Variable
  value: string
  isRequired: boolean
  error: string | undefined
  change: (value: string) => void
}

/** The input for a variable. What the browser would check itself, the API checks: both would say it in other words. */
export function EnvField ({ name, variable, value, isRequired, error, change }: FieldOptions) {
  const id = inputId(`env.${name}`)
  const help = [variable.description, rangeWords(variable), variable.writeOnly ? 'secret: never shown again' : '']
    .filter(Boolean).join(' · ')
  return (
    <div class='field'>
      <label for={id}>{name}{isRequired && <span class='quiet'> (required)</span>}</label>
      <Input
        {...{ variable, value, change }}
        attributes={{
          id,
          'aria-describedby': error === undefined ? `${id}-help` : `${id}-error ${id}-help`,
          'aria-invalid': error !== undefined,
          'aria-required': isRequired
        }}
      />
      {error !== undefined && <p id={`${id}-error`} class='bad-text'>{name} {error}</p>}
      <p id={`${id}-help`} class='quiet'>{help}</p>
    </div>
  )
}

interface InputOptions {
  variable: Variable
  value: string
  change: (value: string) => void
  attributes: object
}

function Input ({ variable, value, change, attributes }: InputOptions) {
  const { type, enum: choices, writeOnly, format, pattern } = variable
  const options = type === 'boolean' ? ['true', 'false'] : choices?.map(String)
  const changed = ({ currentTarget }: { currentTarget: { value: string } }): void => change(currentTarget.value)
  if (options !== undefined) {
    const all = options.includes(value) ? options : [value, ...options]
    return (
      <select {...attributes} value={value} onChange={changed}>
        {all.map((one) => <option key={one}>{one}</option>)}
      </select>
    )
  }
  if (writeOnly === true) {
    return <input {...attributes} type='password' autoComplete='off' value={value} onInput={changed} />
  }
  if (type === 'string' && format === undefined && pattern === undefined) {
    return <textarea {...attributes} rows={1} spellcheck={false} value={value} onInput={changed} />
  }
  const inputMode = type === 'string' ? 'text' : 'decimal'
  return <input {...attributes} type='text' inputMode={inputMode} autoComplete='off' value={value} onInput={changed} />
}
