export function resultPath (id: string, name: string): string {
  return `/job/${id}/result?file=${encodeURIComponent(name)}`
}

/** The last part of a name, for a file on the visitor's disk. */
export function baseName (name: string): string {
  return name.slice(name.lastIndexOf('/') + 1)
}
