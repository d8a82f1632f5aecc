import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { runProgram } from '../../support/run-program.ts'

await t.test('the demo shows the job and downloads its files byte for byte', async (t) => {
  const { folder, child, exit } = runProgram(t, 'demo')
  const [out, err, code] = await Promise.all([text(child.stdout), text(child.stderr), exit])
  t.equal(err, '')
  t.equal(code, 0)
  const [, id] = /^job ([0-9a-f-]{36})$/m.exec(out) ?? []
  t.match(out, /accepted\n(.*\n)*.*running\n.*succeeded\n/)
  t.match(out, /open .*drive\.mcap in Foxglove/)
  const files = readdirSync(join(folder, 'demo', id!)).sort()
  t.strictSame(files, ['drive.mcap', 'metadata.yaml', 'route.svg', 'summary.json'])
  for (const name of files) {
    const bytes = readFileSync(join(folder, 'demo', id!, name))
    t.match(
      out,
      new RegExp(`^ *${name} +${bytes.length} +${createHash('sha256').update(bytes).digest('hex')}$`, 'm'),
      name
    )
  }
  t.strictSame(readdirSync(folder).sort(), ['demo', 'tmp'])
  t.strictSame(readdirSync(join(folder, 'tmp')), [], 'no temporary file is left')
})

await t.test('the demo says why it failed', async (t) => {
  const { child, exit } = runProgram(t, 'demo', {
    S3_ENDPOINT: 'http://127.0.0.1:1',
    S3_ACCESS_KEY: '',
    S3_SECRET_KEY: ''
  })
  const [err, code] = await Promise.all([text(child.stderr), exit])
  t.equal(code, 1)
  t.match(err, /The demo failed: S3_ENDPOINT is set/)
})
