import type { Variable } from '../api/shapes.ts'
import { inputId } from './errors-by-field.ts'
import { typedValue } from './form-values.ts'
import { rangeWords } from './range-words.ts'

interface FieldOptions {
  name: string
  variable: Variable
  /** `undefined`: not set. */
  value: string | undefined
  isRequired: boolean
  error: string | undefined
  change: (value: string | undefined) => void
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
        {...{ variable, value, isRequired, change }}
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
  value: string | undefined
  isRequired: boolean
  change: (value: string | undefined) => void
  attributes: object
}

function Input ({ variable, value, isRequired, change, attributes }: InputOptions) {
  const { type, enum: choices, writeOnly, format, pattern } = variable
  const options = type === 'boolean' ? ['true', 'false'] : choices?.map(String)
  if (options !== undefined) {
    const canUnset = value === undefined || (variable.default === undefined && !isRequired)
    return <Choice {...{ options, value, canUnset, change, attributes }} />
  }
  const text = value ?? ''
  const changed = ({ currentTarget }: { currentTarget: { value: string } }): void =>
    change(typedValue(variable, isRequired, currentTarget.value))
  if (writeOnly === true) {
    return <input {...attributes} type='password' autoComplete='off' value={text} onInput={changed} />
  }
  if (type === 'string' && format === undefined && pattern === undefined) {
    return <textarea {...attributes} rows={1} spellcheck={false} value={text} onInput={changed} />
  }
  const inputMode = type === 'string' ? 'text' : 'decimal'
  return <input {...attributes} type='text' inputMode={inputMode} autoComplete='off' value={text} onInput={changed} />
}

interface ChoiceOptions extends Pick<InputOptions, 'value' | 'change' | 'attributes'> {
  options: string[]
  canUnset: boolean
}

/** One of some texts, of which the empty one may be one, or none of them. */
function Choice ({ options, value, canUnset, change, attributes }: ChoiceOptions) {
  const all = value === undefined || options.includes(value) ? options : [value, ...options]
  return (
    <select
      {...attributes}
      value={value === undefined ? 'unset' : String(all.indexOf(value))}
      onChange={({ currentTarget }) => change(all[Number(currentTarget.value)])}
    >
      {canUnset && <option value='unset'>not set</option>}
      {all.map((one, index) => <option key={one} value={String(index)}>{one === '' ? '(empty)' : one}</option>)}
    </select>
  )
}
