import type { Template, Variable } from '../api/shapes.ts'

/**
 * What is in the fields of the form: a text for each variable that has a value, as the workload would get it. Another
 * variable is not set, which is another thing than the empty text.
 */
export type Values = Record<string, string>

/** The defaults of a template, and over them the values of an earlier job. Secret ones are not known. */
export function initialValues ({ env: { properties } }: Template, earlier: Values = {}): Values {
  const known = Object.entries(properties).flatMap(([name, variable]) => {
    const value = Object.hasOwn(earlier, name) ? earlier[name] : defaultText(variable)
    return value === undefined ? [] : [[name, value] as const]
  })
  return Object.fromEntries(known)
}

/**
 * What a field means after the visitor has changed it. An emptied field is the empty text where a text must be given or
 * is in place of a default; elsewhere the variable is not set.
 */
export function typedValue ({ type, default: value }: Variable, isRequired: boolean, text: string): string | undefined {
  return text === '' && (type !== 'string' || (value === undefined && !isRequired)) ? undefined : text
}

/**
 * What is sent: each value that differs from its default. Variables that the template does not have are sent too, so
 * that the API refuses them.
 */
export function valuesToSend ({ env: { properties } }: Template, values: Values): Values {
  return Object.fromEntries(
    Object.entries(values).filter(([name, value]) => {
      return !Object.hasOwn(properties, name) || value !== defaultText(properties[name]!)
    })
  )
}

/** The values with another one for a variable, or without it. */
export function withValue (values: Values, name: string, value: string | undefined): Values {
  const { [name]: _, ...others } = values
  return value === undefined ? others : { ...others, [name]: value }
}

/** The values that may be stored: those of variables of the template, and none that is secret. */
export function withoutSecrets ({ env: { properties } }: Template, values: Values): Values {
  return Object.fromEntries(Object.entries(values).filter(([name]) =>
    Object.hasOwn(properties, name) && properties[name]!.writeOnly !== true))
}

function defaultText ({ default: value }: Variable): string | undefined {
  return value === undefined ? undefined : String(value)
}

/** The names of the variables: those that must be set, those that may be, and those of no variable of the template. */
export function fieldGroups ({ env: { properties, required = [] } }: Template, values: Values) {
  const names = Object.keys(properties)
  const needed = names.filter((name) => required.includes(name) && properties[name]!.default === undefined)
  return {
    needed,
    others: names.filter((name) => !needed.includes(name)),
    unknown: Object.keys(values).filter((name) => !Object.hasOwn(properties, name))
  }
}
