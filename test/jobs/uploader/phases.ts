import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { byName } from '../../../shared/results/result-entry.ts'
import { resultFolder } from '../../support/result-folder.ts'
import { runUploader } from '../../support/run-uploader.ts'
import { storeProxy } from '../../support/store-proxy.ts'
import { uploadServer } from '../../support/upload-server.ts'

const LATE = 'the workload wrote on after its time was over; what is stored is older'
const SLOW = 'it was still going up when the time of the uploader was over'

/** A workload that writes on and on, without a pause, until it is stopped. */
function growing (t: Test, path: string): () => Promise<void> {
  const child = spawn('sh', ['-c', 'while :; do echo a line; done >>"$0"', path])
  const exit = once(child, 'exit')
  t.teardown(() => child.kill('SIGKILL'))
  return async () => {
    child.kill('SIGKILL')
    await exit
  }
}

for (const [when, slow] of [['', false], [', also when the service is slow', true]] as const) {
  await t.test(`what a workload that ignores SIGTERM has written by then comes up, and is not complete${when}`, async (t) => {
    const server = await uploadServer(t, {
      asked: async (route) => {
        if (!slow || route !== 'journal' || !uploader.output().includes('stored: "log"')) return
        await uploader.said('the time is over')
      }
    })
    const folder = resultFolder(t, { finished: 'x', '.hidden': 'y' })
    growing(t, join(folder, 'log'))
    const uploader = await runUploader(t, { ...server, folder, env: { GRACE_SECONDS: '8', WORKLOAD_SECONDS: '0.5' } })
    await uploader.said('stored: "finished"')
    t.notMatch(uploader.output(), '"log"', 'a growing file is left alone while the workload may write')
    await uploader.hook('stopping')
    t.equal(await uploader.exited, 1)
    t.match(uploader.output(), 'the time is over')
    t.notMatch(uploader.output(), ': all is up')

    const { '.hidden': hidden, finished, log } = await server.published()
    t.match([finished, hidden], [Buffer.from('x'), Buffer.from('y')])
    t.ok(log!.length > 0)
    const written = readFileSync(join(folder, 'log'))
    t.ok(written.length > log!.length, 'the workload writes on')
    t.ok(written.subarray(0, log!.length).equals(log!), 'and what is published is the beginning')
    t.match(await server.manifest(), { files: 3, complete: false, left_out: [{ name: 'log', reason: LATE }], left_out_count: 1 })
  })
}

await t.test('without the end of the pod the share of the workload does not begin', async (t) => {
  const server = await uploadServer(t)
  const folder = resultFolder(t, { finished: 'x' })
  const stop = growing(t, join(folder, 'log'))
  const env = { GRACE_SECONDS: '60', WORKLOAD_SECONDS: '0.1' }
  const uploader = await runUploader(t, { ...server, folder, env })
  await uploader.said('stored: "finished"')
  t.notMatch(uploader.output(), '"log"')
  await stop()
  t.equal(await uploader.end(), 0)
  t.notMatch(uploader.output(), 'not all is up')
})

await t.test('what the workload removes, renames or makes after its time is over changes nothing', async (t) => {
  const server = await uploadServer(t)
  const folder = resultFolder(t, { kept: 'k', renamed: 'r' })
  const env = { GRACE_SECONDS: '8', WORKLOAD_SECONDS: '0.5' }
  const uploader = await runUploader(t, { ...server, folder, env })
  growing(t, join(folder, 'log'))
  await uploader.said('stored: "renamed"')
  await uploader.hook('stopping')
  await uploader.said('stored: "log"')
  rmSync(join(folder, 'kept'))
  renameSync(join(folder, 'renamed'), join(folder, 'new'))
  t.equal(await uploader.exited, 1)
  const published = await server.published()
  t.same(Object.keys(published).sort(), ['kept', 'log', 'renamed'])
  t.match(published, { kept: Buffer.from('k'), renamed: Buffer.from('r') })
  t.same((await server.manifest())!.left_out.sort(byName), [
    { name: 'log', reason: LATE },
    { name: 'new', reason: 'the workload made it after its time was over' }
  ])
})

await t.test('when the workload ends after its share is over, the results are complete', async (t) => {
  const server = await uploadServer(t)
  const folder = resultFolder(t, { finished: 'x' })
  const path = join(folder, 'log')
  const stop = growing(t, path)
  const env = { GRACE_SECONDS: '60', WORKLOAD_SECONDS: '0.2' }
  const uploader = await runUploader(t, { ...server, folder, env })
  await uploader.said('watching')
  await uploader.hook('stopping')
  await uploader.said('stored: "log"')
  const early = readFileSync(path).length
  await stop()
  appendFileSync(path, 'the last line')
  t.ok(readFileSync(path).length > early)
  t.equal(await uploader.end(), 0)
  t.match(uploader.output(), ': all is up')
  t.ok((await server.published())['log']!.equals(readFileSync(path)))
  t.match(await server.manifest(), { files: 2, complete: true, left_out: [], left_out_count: 0 })
  t.equal((await server.contents()).length, 2)
})

await t.test('a workload that ends within its share is not cut', async (t) => {
  const server = await uploadServer(t)
  const folder = resultFolder(t, { a: 'a' })
  const uploader = await runUploader(t, { ...server, folder, env: { GRACE_SECONDS: '60', WORKLOAD_SECONDS: '50' } })
  await uploader.said('watching')
  await uploader.hook('stopping')
  t.equal(await uploader.end(), 0)
  t.match(await server.manifest(), { files: 1, complete: true })
})

for (const [what, hold] of [['answers nothing', true], ['is down', false]] as const) {
  await t.test(`when the store ${what} until the time is over, the files are named that are not stored`, async (t) => {
    const proxy = await storeProxy(t)
    const server = await uploadServer(t, { proxy })
    const taken: string[] = []
    proxy.fault = ({ method, path }) => {
      if (method !== 'PUT' || !path.includes('/results/')) return undefined
      // One content is stored, no other.
      const content = path.split('?')[0]!
      if (taken.length === 0) taken.push(content)
      return taken.includes(content) ? undefined : ({ socket }) => hold || socket.destroy()
    }
    const folder = resultFolder(t, { first: 'x', large: Buffer.alloc(20 * 2 ** 20), 'sub/small': 'y' })
    const uploader = await runUploader(t, { ...server, folder, env: { GRACE_SECONDS: '8', WORKLOAD_SECONDS: '1' } })
    t.equal(await uploader.end(), 1)
    t.match(uploader.output(), 'the time is over')
    const published = Object.keys(await server.published())
    t.equal(published.length, 1)
    const { left_out: leftOut, ...counts } = (await server.manifest())!
    t.match(counts, { files: 1, complete: false, left_out_count: 2 })
    const missing = ['first', 'large', 'sub/small'].filter((name) => !published.includes(name))
    t.same(leftOut.sort(byName), missing.map((name) => ({ name, reason: SLOW })))
  })
}

await t.test('when the service is back just before the time is over, it learns what is stored', async (t) => {
  const server = await uploadServer(t)
  const folder = resultFolder(t, { a: 'a' })
  const uploader = await runUploader(t, { ...server, folder, env: { GRACE_SECONDS: '4', WORKLOAD_SECONDS: '1' } })
  await uploader.said('stored: "a"')
  await server.stop()
  const ended = uploader.end()
  await uploader.said('the time is over')
  await server.startAgain()
  t.equal(await ended, 1)
  t.match(await server.manifest(), { files: 1, bytes: 1, complete: false, left_out: [] })
})
