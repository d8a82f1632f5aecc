import { parse, parseAllDocuments, type SchemaOptions, type Tags, YAMLParseError } from 'yaml'

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

/** The one document of a YAML text, as `kubectl apply` reads it. Throws for invalid YAML and for several documents. */
export function readYaml (text: string): unknown {
  try {
    return parse(text, kubernetes)
  } catch (cause) {
    throw cause instanceof YAMLParseError ? new Error(inOneLine(cause), { cause }) : cause
  }
}

/** What is wrong and where, without the lines of the text. */
function inOneLine ({ code, message }: YAMLParseError): string {
  const [line = ''] = message.split('\n')
  const [where = ''] = / at line \d+, column \d+/.exec(line) ?? []
  return code === 'MULTIPLE_DOCS' ? `a second document begins${where}` : line.replace(/:$/, '')
}

/** All documents of a YAML text; empty ones are left out. */
export function readYamlDocuments (text: string): unknown[] {
  const documents = parseAllDocuments(text, kubernetes)
  if (!Array.isArray(documents)) return []
  return documents.map((document) => {
    if (document.errors[0] !== undefined) throw document.errors[0]
    return document.toJS() as unknown
  }).filter((document) => document !== null && document !== undefined)
}
