import type { ListedFile } from './observation.ts'

/** In which files one list differs from another, in a few words; undefined when they are equal. */
export function compareFiles (actual: ListedFile[], expected: ListedFile[]): string | undefined {
  const [has, wants] = [actual, expected].map((files) => new Map(files.map((file) => [file.name, file])))
  const missing = expected.filter(({ name }) => !has!.has(name))
  const extra = actual.filter(({ name }) => !wants!.has(name))
  const different = expected.filter(({ name, size, sha256 }) => {
    const other = has!.get(name)
    return other !== undefined && (other.size !== size || other.sha256 !== sha256)
  })
  const twice = actual.filter(({ name }, at) => actual.findIndex((other) => other.name === name) < at)
  const words = [
    inWords('missing', missing),
    inWords('too many', extra),
    inWords('with other content', different),
    inWords('named twice', twice)
  ].filter((one) => one !== undefined)
  return words.length === 0 ? undefined : words.join(', ')
}

function inWords (what: string, files: ListedFile[]): string | undefined {
  if (files.length === 0) return undefined
  const names = files.slice(0, 3).map(({ name }) => JSON.stringify(name.length > 60 ? `${name.slice(0, 57)}…` : name))
  return `${files.length} ${what} (${names.join(', ')}${files.length > 3 ? ', …' : ''})`
}
