import { execFileSync } from 'node:child_process'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t from 'tap'

/** The map must name every folder below these. */
const ROOTS = ['cli', 'docs', 'examples', 'functions', 'image', 'jobs', 'knative', 'openapi', 'page', 'shared', 'test']

const architecture = readFileSync('ARCHITECTURE.md', 'utf8')
const pages = ['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'CHANGELOG.md', ...globSync('{docs,examples}/**/*.md').sort()]

const map = mapLines()
const folders = foldersOf(trackedFiles().filter(isBelowRoots))

t.ok(folders.includes('functions/deploy/intake'), 'folders are found')
t.strictSame(folders.filter((folder) => !isOnMap(folder)), [], 'the map names every folder')
t.strictSame(map.map(({ folder }) => folder).filter((folder) => !folders.includes(folder)), [], 'and no other')

const named = codeSpans(architecture).filter(isPath)
t.ok(named.includes('functions/job-completed/judge.ts'), 'paths in ARCHITECTURE.md are found')
t.strictSame(named.filter((path) => !exists(path)), [], 'every path in ARCHITECTURE.md exists')

const onMap = map.flatMap(({ folder, text }) => wordsOf(text).filter(isPath).map((word) => [folder, word] as const))
t.ok(onMap.some(([folder, word]) => folder === 'functions/deploy/start' && word === 'accept-job.ts'), 'names in the map are found')
t.strictSame(
  onMap.filter(([folder, word]) => !exists(join(folder, word)) && !exists(word)),
  [],
  'every name in a line of the map exists, in the folder of the line or at the top'
)

const inPages = pages.flatMap((page) =>
  codeSpans(readFileSync(page, 'utf8')).filter((span) => isPath(span) && isBelowRoots(span))
    .map((path) => [page, path] as const)
)
t.strictSame(inPages.filter(([, path]) => !exists(path)), [], 'every path below these folders in any page exists')

const links = pages.flatMap((page) =>
  [...readFileSync(page, 'utf8').matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => [page, target!] as const)
).filter(([, target]) => !/^https?:/.test(target))
t.ok(links.some(([page, target]) => page === 'README.md' && target === 'docs/install.md'), 'links are found')
t.strictSame(links.filter(([page, target]) => !leads(page, target)), [], 'every link leads to a file and a heading')

interface Line {
  /** The path of the folder, without a slash at its end. */
  folder: string
  /** Whether the line also covers the folders in this one: `name/**`. */
  isWhole: boolean
  text: string
}

/** The map: one folder a line, indented by two columns below its parent. */
function mapLines (): Line[] {
  const [, block = ''] = /```text\n([^]*?)```/.exec(architecture) ?? []
  const path: string[] = []
  return block.trimEnd().split('\n').map((line) => {
    const [, indent, name, whole, text] = /^((?: {2})*)([\w-]+)\/(\*\*)? +(\S.*)$/.exec(line) ?? []
    if (indent === undefined || name === undefined || text === undefined) throw new Error(`not a line of a map: ${line}`)
    path.splice(indent.length / 2, Infinity, name)
    return { folder: path.join('/'), isWhole: whole !== undefined, text }
  })
}

function isOnMap (folder: string): boolean {
  return map.some((line) => line.folder === folder || (line.isWhole && folder.startsWith(`${line.folder}/`)))
}

/** The files of the checkout; all files where it was copied without its history. */
function trackedFiles (): string[] {
  if (!existsSync('.git')) return globSync(ROOTS.map((root) => `${root}/**/*.*`))
  return execFileSync('git', ['-c', 'safe.directory=*', 'ls-files'], { encoding: 'utf8' }).split('\n')
}

function isBelowRoots (path: string): boolean {
  return ROOTS.includes(path.split('/')[0]!)
}

/** The folders of files, and the folders above them. */
function foldersOf (files: string[]): string[] {
  const found = new Set<string>()
  for (const file of files) for (let folder = dirname(file); folder !== '.'; folder = dirname(folder)) found.add(folder)
  return [...found].sort()
}

/** The text between single backticks, outside of code blocks. */
function codeSpans (text: string): string[] {
  return [...text.replace(/^ *```[^]*?^ *```/gm, '').matchAll(/`([^`]+)`/g)].map(([, span]) => span!)
}

function wordsOf (text: string): string[] {
  return text.split(/[\s,;:()`]+/).map((word) => word.replace(/\.$/, ''))
}

/** Whether a text is a path in this repository, or a pattern of paths: not a path of the API, a key with `<id>`, … */
function isPath (text: string): boolean {
  return /^[\w.][\w./*-]*$/.test(text) && /\/|\.(conf|js|json|md|ts|ya?ml)$|^(Docker|Make)file$/.test(text)
}

function exists (path: string): boolean {
  return path.includes('*') ? globSync(path).length > 0 : existsSync(path)
}

function leads (page: string, target: string): boolean {
  const [path, anchor] = target.split('#')
  const file = path === '' ? page : join(dirname(page), path!)
  return existsSync(file) && (anchor === undefined || anchorsOf(file).includes(anchor))
}

/** The anchors that GitHub gives to the headings of a page. */
function anchorsOf (page: string): string[] {
  return [...readFileSync(page, 'utf8').matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
    heading!.toLowerCase().replace(/[^\w -]/g, '').replaceAll(' ', '-')
  )
}
