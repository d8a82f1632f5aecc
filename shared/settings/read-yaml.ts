import { parseAllDocuments, type SchemaOptions, type Tags, type YAMLParseError } from 'yaml'

/**
 * The YAML that Kubernetes reads (sigs.k8s.io/yaml): version 1.1, in which `0755` is a number in octal, `yes` and `off`
 * are booleans, and `<<` merges, but without its times, numbers in base 60 and binary values.
 */
const kubernetes: SchemaOptions & { version: '1.1' } = {
  version: '1.1',
  customTags: (tags: Tags) => tags.filter((tag) => typeof tag === 'string' || !isForeign(tag))
}

const FOREIGN = ['timestamp', 'binary', 'set', 'omap', 'pairs'].map((name) => `tag:yaml.org,2002:${name}`)

function isForeign ({ tag, format }: { tag: string, format?: string }): boolean {
  return format === 'TIME' || FOREIGN.includes(tag)
}

/**
 * The one document of a YAML text, as `kubectl apply` reads it: empty documents before and after it do not count.
 * Throws for invalid YAML and for several documents.
 */
export function readYaml (text: string): unknown {
  const documents = readYamlDocuments(text)
  if (documents.length > 1) throw new Error(`there are ${documents.length} documents, separated by ---`)
  return documents[0] ?? null
}

/** All documents of a YAML text; empty ones are left out. */
export function readYamlDocuments (text: string): unknown[] {
  const documents = parseAllDocuments(text, kubernetes)
  if (!Array.isArray(documents)) return []
  return documents.map((document) => {
    const [error] = document.errors
    if (error !== undefined) throw new Error(inOneLine(error), { cause: error })
    if (document.directives.yaml.version !== '1.1') throw new Error('Kubernetes reads no other YAML than 1.1')
    const value = document.toJS() as unknown
    if (isCircular(value)) throw new Error('an alias (*name) stands within what it refers to')
    return value
  }).filter((document) => document !== null && document !== undefined)
}

function isCircular (value: unknown, within: unknown[] = []): boolean {
  if (typeof value !== 'object' || value === null) return false
  return within.includes(value) || Object.values(value).some((one) => isCircular(one, [...within, value]))
}

/** What is wrong and where, without the lines of the text. */
function inOneLine ({ message }: YAMLParseError): string {
  return message.split('\n')[0]!.replace(/:$/, '')
}
