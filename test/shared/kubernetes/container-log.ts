import t from 'tap'
import { containerLog, logBytes, LogUnreadable } from '../../../shared/kubernetes/container-log.ts'

const uid = '1f0e7b1c-1111-4111-8111-111111111111'
const containerId = 'c0ffee'.padEnd(64, '0')
const log = containerLog(
  { metadata: { name: 'a-pod', uid } },
  { name: 'main', containerID: `containerd://${containerId}`, image: '', imageID: '', ready: true, restartCount: 0 }
)
const path = `/var/log/pods/gx4ki-jobs_a-pod_${uid}/main/0.log`

/** What the kubelet of Kubernetes 1.36 says behind a log. */
const WORDS = [
  `unable to retrieve container logs for containerd://${containerId}`,
  `failed to try resolving symlinks in path "${path}": lstat ${path}: no such file or directory`,
  `failed to open log file "${path}": open ${path}: no such file or directory`,
  `failed to tail 5 lines of log file "${path}": read ${path}: input/output error`,
  `failed to read log file "${path}": read ${path}: input/output error`,
  `failed to watch directory "${path.slice(0, -6)}": no space left on device`,
  'failed to create fsnotify watcher: too many open files',
  `rpc error: code = NotFound desc = an error occurred when try to find container "${containerId}": not found`
]

async function read (...chunks: string[]): Promise<{ text: string, error?: Error }> {
  const bytes: Buffer[] = []
  async function * body () {
    for (const chunk of chunks) yield Buffer.from(chunk, 'latin1')
  }
  const text = (): string => Buffer.concat(bytes).toString('latin1')
  try {
    for await (const chunk of logBytes(body(), log)) bytes.push(Buffer.from(chunk))
  } catch (error) {
    return { text: text(), error: error as Error }
  }
  return { text: text() }
}

await t.test('what the kubelet says is no part of the log', async (t) => {
  for (const words of WORDS) {
    for (const before of ['', 'one\n', 'one\n\n', 'one\nno newline ', 'failed to be quiet: ']) {
      for (const parts of [[before + words], [before, words], [before + words.slice(0, 20), words.slice(20)]]) {
        const { text, error } = await read(...parts)
        t.equal(text, before)
        t.ok(error instanceof LogUnreadable)
        t.equal(error?.message, words)
      }
    }
  }
})

await t.test('everything that a workload writes is', async (t) => {
  const logs = [
    '',
    'one',
    'one\ntwo\n',
    'failed to open log file "mine": no such file',
    'rpc error: code = NotFound desc = not mine',
    ...WORDS.map((words) => `${words}\n`),
    ...WORDS.map((words) => `${words}\nand more`),
    `failed to ${'x'.repeat(10_000)}`,
    '\xff\xfe\0unable to'
  ]
  for (const log of logs) {
    t.strictSame(await read(log), { text: log })
    t.strictSame(await read(...log), { text: log }, 'byte by byte')
  }
})

await t.test('nothing is held back for longer than it may be such words', async (t) => {
  const chunks = ['prompt> ', 'yes\nfor', ' a while', 'failed to come']
  const seen: string[] = []
  async function * body () {
    for (const chunk of chunks) {
      yield Buffer.from(chunk)
      // What came of it is out before the next chunk is asked for.
      t.equal(seen.join(''), chunks.slice(0, chunks.indexOf(chunk) + 1).join('').replace('failed to come', ''))
    }
  }
  for await (const bytes of logBytes(body(), log)) seen.push(bytes.toString())
  t.equal(seen.join(''), chunks.join(''))
})

await t.test('a connection that breaks loses nothing of what came', async (t) => {
  const bytes: Buffer[] = []
  async function * body () {
    yield Buffer.from('one\nfailed to')
    throw new Error('broken')
  }
  await t.rejects(async () => {
    for await (const chunk of logBytes(body(), log)) bytes.push(chunk)
  }, { message: 'broken' })
  t.equal(Buffer.concat(bytes).toString(), 'one\nfailed to')
})
