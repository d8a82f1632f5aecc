import type { Template, Variable } from '../api/shapes.ts'

/** What is in the fields of the form: a text for each variable, as the workload would get it. */
export type Values = Record<string, string>

/** The defaults of a template, and over them the values of an earlier job. Secret ones are not known. */
export function initialValues ({ env: { properties } }: Template, earlier: Values = {}): Values {
  return Object.fromEntries(
    Object.entries(properties).map(([name, variable]) => [name, earlier[name] ?? defaultText(variable)])
  )
}

/**
 * What is sent: each value that differs from its default. An empty field is a value only where the default is a text
 * that the visitor has removed. Variables that the template does not have are sent too, so that the API refuses them.
 */
export function valuesToSend ({ env: { properties } }: Template, values: Values): Values {
  return Object.fromEntries(
    Object.entries(values).filter(([name, value]) => {
      const variable = properties[name]
      if (variable === undefined) return true
      return value !== defaultText(variable) && (value !== '' || variable.type === 'string')
    })
  )
}

export function defaultText ({ default: value }: Variable): string {
  return value === undefined ? '' : String(value)
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
