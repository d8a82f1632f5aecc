import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { jobApi } from '../support/job-api.ts'
import { GX4KI, gx4kiAt } from '../support/run-gx4ki.ts'

const skip = !existsSync('/dev/full') && 'this system has no /dev/full'

await t.test('output that cannot be written is told in one line', { skip }, async (t) => {
  const api = await jobApi(t)
  api.instead = ({ url }, response) => {
    if (url.includes('/events')) {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).end('event: log\nid: 1\ndata: {"attempt":"a","lines":["x"]}\n\n')
    } else if (url.endsWith('/log')) response.end('x\n')
    return response.writableEnded
  }
  const { folder } = gx4kiAt(t, api.url)
  async function run (words: string[], redirection: string, before = ''): Promise<{ code: number, stderr: string }> {
    const script = `${before} exec "$@" ${redirection}`
    const child = spawn('sh', ['-c', script, 'sh', process.execPath, GX4KI, ...words], {
      cwd: folder,
      env: { HOME: folder, GX4KI_URL: api.url }
    })
    let stderr = ''
    child.stderr.setEncoding('utf8').on('data', (part: string) => { stderr += part })
    const [code] = await once(child, 'close')
    return { code, stderr }
  }
  const told = 'gx4ki: cannot write: no space left on the device\n'
  const { id } = api
  for (const words of [['help'], ['list', '--help'], ['version'], ['completion', 'fish'], ['status', id], ['logs', id], ['logs', '-f', id]]) {
    t.strictSame(await run(words, '> /dev/full'), { code: 1, stderr: told }, words.join(' '))
  }
  t.match(JSON.parse((await run(['version', '--json'], '> /dev/full')).stderr), { exit_code: 1, type: 'urn:gx4ki:cli:output' })
  t.strictSame(await run(['run', 'drive'], '> /dev/full'), { code: 1, stderr: `${told}  the job is started: ${id}\n` })
  t.strictSame(await run(['run', 'drive', '--wait'], '2> /dev/full'), { code: 0, stderr: '' }, 'messages may be lost')
  t.strictSame(await run(['status', 'nonsense'], '2> /dev/full'), { code: 2, stderr: '' })

  // The limit stands for a disk that has room for the begin.
  const cut = await run(['completion', 'bash'], '> script', 'ulimit -f 1;')
  t.ok(statSync(join(folder, 'script')).size > 0)
  t.match(cut, { code: 1, stderr: /^gx4ki: cannot write: the file would be too large\n$/ }, 'also after a part')
})
