import { appendFileSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t, { type Test } from 'tap'
import { advance } from '../../../shared/job/advance.ts'
import { advanceRecord } from '../../../shared/job/record-store.ts'
import { attemptPrefix, manifestKey, resultKey } from '../../../shared/store/bucket-layout.ts'
import { getObject, getTags, listAll } from '../../../shared/store/object-store.ts'
import type { Store } from '../../../shared/store/open-store.ts'
import { contentOf } from '../../support/content-of.ts'
import { runUploader } from '../../support/run-uploader.ts'
import { uploadServer } from '../../support/upload-server.ts'

interface Place {
  store: Store
  id: string
  attempt: string
}

function resultFolder (t: Test): string {
  return join(t.testdir({ results: {} }), 'results')
}

function write (folder: string, name: string, text: string): void {
  mkdirSync(dirname(join(folder, name)), { recursive: true })
  writeFileSync(join(folder, name), text)
}

/** All results as they are in the store, by name. */
async function results ({ store, id, attempt }: Place): Promise<Record<string, string>> {
  const found: Record<string, string> = {}
  const prefix = attemptPrefix(id, attempt)
  for await (const { key, tags } of listAll(store, prefix, { tags: true })) {
    const { body } = (await getObject(store, key))!
    if (tags['sha256'] !== contentOf(body).sha256 || tags['job'] !== id) throw new Error(`wrong tags: ${key}`)
    found[key.slice(prefix.length)] = body.toString()
  }
  return found
}

async function manifest ({ store, id, attempt }: Place): Promise<{ files: number, bytes: number } | undefined> {
  const found = await getObject(store, manifestKey(id, attempt))
  return found && JSON.parse(found.body.toString())
}

await t.test('files go up as they are finished, the rest when the workload has ended', async (t) => {
  const server = await uploadServer(t)
  const folder = resultFolder(t)
  write(folder, 'first.csv', '1,2,3')
  write(folder, '.second.csv.unfinished', 'half')
  const uploader = await runUploader(t, { ...server, folder })
  await uploader.said('stored: "first.csv"')
  t.same(await results(server), { 'first.csv': '1,2,3' }, 'one is up while the workload runs')
  t.equal(await manifest(server), undefined)

  renameSync(join(folder, '.second.csv.unfinished'), join(folder, 'second.csv'))
  write(folder, 'sub/Ordner ü/a+b %41 #1?.txt', 'odd')
  write(folder, 'empty', '')
  write(folder, 'sub/.hidden', 'not a result')
  symlinkSync('first.csv', join(folder, 'latest'))
  t.equal(await uploader.end(), 0)

  const expected = { 'first.csv': '1,2,3', 'second.csv': 'half', 'sub/Ordner ü/a+b %41 #1?.txt': 'odd', empty: '' }
  t.same(await results(server), expected)
  t.match(await manifest(server), { files: 4, bytes: 12 })
  t.match(uploader.output(), 'skipped: "latest"')
  t.notMatch(uploader.output(), server.token)
  t.notMatch(uploader.output(), 'X-Amz')
})

await t.test('a workload without results has them all up', async (t) => {
  const server = await uploadServer(t)
  const uploader = await runUploader(t, { ...server, folder: join(resultFolder(t), 'never-made') })
  t.equal(await uploader.end(), 0)
  t.match(await manifest(server), { files: 0, bytes: 0 })
})

await t.test('a file that changes after its early upload goes up again', async (t) => {
  const server = await uploadServer(t)
  const folder = resultFolder(t)
  write(folder, 'log.txt', 'one\n')
  write(folder, 'state', 'a')
  const uploader = await runUploader(t, { ...server, folder })
  await uploader.said('stored: "log.txt", 4 bytes')
  await uploader.said('stored: "state"')
  appendFileSync(join(folder, 'log.txt'), 'two\n')
  await uploader.said('stored: "log.txt", 8 bytes')
  write(folder, 'state', 'b')
  t.equal(await uploader.end(), 0)
  t.same(await results(server), { 'log.txt': 'one\ntwo\n', state: 'b' })
  t.match(await manifest(server), { files: 2, bytes: 9 })
})

await t.test('a file that is renamed or removed after its early upload is no result', async (t) => {
  const server = await uploadServer(t)
  const folder = resultFolder(t)
  write(folder, 'checkpoint 1', 'x')
  write(folder, 'part', 'yy')
  const uploader = await runUploader(t, { ...server, folder })
  await uploader.said('stored: "checkpoint 1"')
  await uploader.said('stored: "part"')
  rmSync(join(folder, 'checkpoint 1'))
  renameSync(join(folder, 'part'), join(folder, 'whole'))
  t.equal(await uploader.end(), 0)
  t.same(await results(server), { whole: 'yy' })
  t.match(await manifest(server), { files: 1, bytes: 2 })
})

await t.test('an uploader that starts anew sends nothing again', async (t) => {
  let grants = 0
  const server = await uploadServer(t, {
    spoil: (grant) => {
      grants++
      return grant
    }
  })
  const folder = resultFolder(t)
  write(folder, 'a', 'a')
  write(folder, 'b', 'b')
  const first = await runUploader(t, { ...server, folder })
  await first.said('stored: "a"')
  await first.said('stored: "b"')
  first.kill('SIGKILL')
  await first.exited
  write(folder, 'c', 'c')
  t.equal(await (await runUploader(t, { ...server, folder })).end(), 0)
  t.same(await results(server), { a: 'a', b: 'b', c: 'c' })
  t.equal(grants, 3)
})

for (
  const { what, name, reason } of [
    {
      what: 'the service refuses',
      name: Buffer.from('new\nline'),
      reason: /refused, .*control characters.*: "new\\nline"/
    },
    {
      what: 'is not valid UTF-8',
      name: Buffer.from('f\u00fcr', 'latin1'),
      reason: /refused, its name is not valid UTF-8/
    }
  ]
) {
  await t.test(`a name that ${what} fails the results, not the other files`, async (t) => {
    const server = await uploadServer(t)
    const folder = resultFolder(t)
    writeFileSync(Buffer.concat([Buffer.from(folder + '/'), name]), 'x')
    write(folder, 'a', 'x')
    write(folder, 'z', 'x')
    const uploader = await runUploader(t, { ...server, folder })
    t.equal(await uploader.end(), 1)
    t.same(await results(server), { a: 'x', z: 'x' })
    t.equal(await manifest(server), undefined)
    t.match(uploader.output(), reason)
    t.notMatch(uploader.output(), 'all is up')
  })
}

await t.test('bytes that change between the digest and the sending are not taken for the old ones', async (t) => {
  let left = 2
  const server = await uploadServer(t, {
    asked: (route) => {
      // The same size, so that only the bytes give it away.
      if (route === 'upload' && left-- > 0) write(folder, 'busy', `body ${left}`)
    }
  })
  const folder = resultFolder(t)
  write(folder, 'busy', 'body x')
  const uploader = await runUploader(t, { ...server, folder })
  await uploader.said('changed: "busy"')
  t.equal(await uploader.end(), 0)
  t.same(await results(server), { busy: 'body 0' })
})

await t.test('while the service is down the uploader waits, also after the end of the workload', async (t) => {
  const server = await uploadServer(t)
  const folder = resultFolder(t)
  write(folder, 'a', 'a')
  await server.stop()
  const uploader = await runUploader(t, { ...server, folder })
  await uploader.said('asking again')
  const ended = uploader.end()
  await uploader.said('asking again')
  await server.startAgain()
  t.equal(await ended, 0)
  t.same(await results(server), { a: 'a' })
  t.match(await manifest(server), { files: 1, bytes: 1 })
})

await t.test('while the store is away, or a grant is over, the uploader asks again', async (t) => {
  const spoiled = [
    (url: string) => url.replace(/:\d+\//, ':1/'),
    (url: string) => url.replace('X-Amz-Expires=300', 'X-Amz-Expires=299')
  ]
  const server = await uploadServer(t, {
    spoil: (grant) => ({ ...grant, url: spoiled.shift()?.(grant.url) ?? grant.url })
  })
  const folder = resultFolder(t)
  write(folder, 'a', 'a')
  const uploader = await runUploader(t, { ...server, folder })
  t.equal(await uploader.end(), 0)
  t.same(await results(server), { a: 'a' })
  t.match(uploader.output(), 'the store: connect ECONNREFUSED')
  t.match(uploader.output(), 'the store answers 403')
})

await t.test('when the job has ended the uploader gives up', async (t) => {
  const server = await uploadServer(t)
  const folder = resultFolder(t)
  write(folder, 'a', 'a')
  const uploader = await runUploader(t, { ...server, folder })
  await uploader.said('stored: "a"')
  await advanceRecord(server.store, server.id, (record) => advance(record, { state: 'canceled' }, new Date()))
  write(folder, 'b', 'b')
  t.equal(await uploader.exited, 1, 'by itself')
  t.match(uploader.output(), 'The job has ended')
  t.same(await results(server), { a: 'a' })
  t.same(await getTags(server.store, resultKey(server.id, server.attempt, 'b')), {})
})

await t.test('with a wrong token the uploader gives up', async (t) => {
  const server = await uploadServer(t)
  const folder = resultFolder(t)
  write(folder, 'a', 'a')
  const uploader = await runUploader(t, { ...server, folder, token: 'wrong' })
  t.equal(await uploader.exited, 1)
  t.match(uploader.output(), 'The credential is missing or wrong')
})

await t.test('without its settings the uploader says which one is missing', async (t) => {
  const server = await uploadServer(t)
  const uploader = await runUploader(t, { ...server, folder: resultFolder(t), attempt: '' })
  t.equal(await uploader.exited, 1)
  t.match(uploader.output(), 'POD_UID is not set')
})
