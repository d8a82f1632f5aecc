import { appendFileSync, existsSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t from 'tap'
import { advance } from '../../../shared/job/advance.ts'
import { advanceRecord } from '../../../shared/job/record-store.ts'
import { writeJournal } from '../../../shared/results/journal.ts'
import { contentKey } from '../../../shared/store/bucket-layout.ts'
import { removeObject } from '../../../shared/store/object-store.ts'
import { contentOf } from '../../support/content-of.ts'
import { poll } from '../../support/poll.ts'
import { putContents } from '../../support/put-results.ts'
import { resultFolder, writeResult } from '../../support/result-folder.ts'
import { runUploader } from '../../support/run-uploader.ts'
import { uploadServer } from '../../support/upload-server.ts'

type Server = Awaited<ReturnType<typeof uploadServer>>

/** What is published, as text. */
async function results (server: Server): Promise<Record<string, string>> {
  return Object.fromEntries(Object.entries(await server.published()).map(([name, body]) => [name, body.toString()]))
}

await t.test('files go up as they are finished, the rest when the workload has ended', async (t) => {
  const server = await uploadServer(t)
  const folder = resultFolder(t, { 'first.csv': '1,2,3', '.second.csv.unfinished': 'half' })
  const uploader = await runUploader(t, { ...server, folder })
  await poll('one is published while the workload runs', async () => (await server.names()).includes('first.csv'))
  t.same(await results(server), { 'first.csv': '1,2,3' })
  t.equal(await server.manifest(), undefined)

  renameSync(join(folder, '.second.csv.unfinished'), join(folder, 'second.csv'))
  writeResult(folder, 'sub/Ordner ü/a+b %41 #1?.txt', 'odd')
  writeResult(folder, 'empty', '')
  t.equal(await uploader.end(), 0)

  const expected = { empty: '', 'first.csv': '1,2,3', 'second.csv': 'half', 'sub/Ordner ü/a+b %41 #1?.txt': 'odd' }
  t.same(await results(server), expected)
  t.match(await server.manifest(), { files: 4, bytes: 12, complete: true, left_out: [], left_out_count: 0 })
  t.match(uploader.output(), 'all is up: 4 files with 12 bytes')
  t.notMatch(uploader.output(), server.token)
  t.notMatch(uploader.output(), 'X-Amz')
})

await t.test('a workload without results has them all up', async (t) => {
  const server = await uploadServer(t)
  const uploader = await runUploader(t, { ...server, folder: join(resultFolder(t), 'never-made') })
  t.equal(await uploader.end(), 0)
  t.match(await server.manifest(), { files: 0, bytes: 0, complete: true })
})

await t.test('names of all kinds are published as they are', async (t) => {
  const server = await uploadServer(t)
  const names = [
    ' leading and trailing ', '%2e%2e', '%41', '100%', '*', '..dots', 'Gro\u0308ße.csv', 'Größe.csv', 'a"b', 'a#b',
    'a&b=c', 'a+b', 'a|b<c>d', 'constructor', 'dots..', "it's (a) *star*!", 'sub/ space /ü+%#?', 'sub/folder/file',
    'what?', 'with space.txt', 'x'.repeat(200), '~tilde', 'データ', '😀.bin'
  ]
  const folder = resultFolder(t, Object.fromEntries(names.map((name) => [name, `the content of ${name}`])))
  t.equal(await (await runUploader(t, { ...server, folder })).end(), 0)
  t.same(await results(server), Object.fromEntries(names.map((name) => [name, `the content of ${name}`])))
})

await t.test('a file that changes after its early upload goes up again', async (t) => {
  const server = await uploadServer(t)
  const folder = resultFolder(t, { 'log.txt': 'one\n', state: 'a' })
  const uploader = await runUploader(t, { ...server, folder })
  await uploader.said('stored: "log.txt", 4 bytes')
  await uploader.said('stored: "state"')
  appendFileSync(join(folder, 'log.txt'), 'two\n')
  await uploader.said('stored: "log.txt", 8 bytes')
  writeResult(folder, 'state', 'b')
  t.equal(await uploader.end(), 0)
  t.same(await results(server), { 'log.txt': 'one\ntwo\n', state: 'b' })
  t.match(await server.manifest(), { files: 2, bytes: 9 })
  t.equal((await server.contents()).length, 2, 'and of the older contents nothing is left')
})

await t.test('a file that is renamed or removed after its early upload is no result', async (t) => {
  const server = await uploadServer(t)
  const folder = resultFolder(t, { 'checkpoint 1': 'x', part: 'yy' })
  const uploader = await runUploader(t, { ...server, folder })
  await uploader.said('stored: "checkpoint 1"')
  await uploader.said('stored: "part"')
  rmSync(join(folder, 'checkpoint 1'))
  renameSync(join(folder, 'part'), join(folder, 'whole'))
  t.equal(await uploader.end(), 0)
  t.same(await results(server), { whole: 'yy' })
  t.match(await server.manifest(), { files: 1, bytes: 2 })
  t.same(await server.contents(), [contentOf(Buffer.from('yy')).sha256])
})

await t.test('a removed file goes from the list while the workload runs, and its content with it', async (t) => {
  const asked: string[] = []
  const server = await uploadServer(t, { asked: (route) => asked.push(route) })
  const folder = resultFolder(t, { stays: 'x', 'same as stays': 'x', goes: 'y' })
  const uploader = await runUploader(t, { ...server, folder })
  await poll('all are published', async () => (await server.names()).length === 3)
  rmSync(join(folder, 'goes'))
  rmSync(join(folder, 'same as stays'))
  await poll('one is left', async () => (await server.names()).length === 1)
  await poll('its content as well', async () => (await server.contents()).length === 1)
  writeResult(folder, 'back', 'y')
  t.equal(await uploader.end(), 0)
  t.same(await results(server), { back: 'y', stays: 'x' })
  t.equal(asked.filter((route) => route === 'done').length, 1, 'and it is known that the content was to be sent again')
})

for (const early of [true, false]) {
  const when = early ? 'after its early upload' : 'just before the end'
  await t.test(`a folder becomes a file and a file becomes a folder ${when}`, async (t) => {
    const server = await uploadServer(t)
    const folder = resultFolder(t, { 'out/b.txt': 'in a folder', state: 'a file' })
    const uploader = await runUploader(t, { ...server, folder })
    if (early) {
      await uploader.said('stored: "out/b.txt"')
      await uploader.said('stored: "state"')
    }
    rmSync(join(folder, 'out'), { recursive: true })
    rmSync(join(folder, 'state'))
    writeResult(folder, 'out', 'now a file')
    writeResult(folder, 'state/1/a.txt', 'now a folder')
    if (early) await uploader.said('stored: "out"')
    t.equal(await uploader.end(), 0)
    t.same(await results(server), { out: 'now a file', 'state/1/a.txt': 'now a folder' })
    t.match(await server.manifest(), { complete: true, left_out: [] })
  })
}

await t.test('an uploader that starts anew does not send larger files again', async (t) => {
  let grants = 0
  const server = await uploadServer(t, {
    spoil: (grant) => {
      grants++
      return grant
    }
  })
  const folder = resultFolder(t, { large: Buffer.alloc(2 ** 20, 'l'), small: 'x' })
  const first = await runUploader(t, { ...server, folder })
  await first.said('stored: "large"')
  await first.said('stored: "small"')
  first.kill('SIGKILL')
  t.equal(await first.exited, 'SIGKILL')
  t.equal(grants, 2)
  writeResult(folder, 'c', 'c')
  t.equal(await (await runUploader(t, { ...server, folder })).end(), 0)
  t.match(await server.manifest(), { files: 3, bytes: 2 ** 20 + 2, complete: true })
  t.equal(grants, 4)
})

await t.test('bytes that change between the digest and the sending are not taken for the old ones', async (t) => {
  let left = 2
  const size = 100_000
  const server = await uploadServer(t, {
    asked: (route) => {
      // The same size, so that only the bytes show it. Too large to be kept in memory after the digest.
      if (route === 'upload' && left-- > 0) writeResult(folder, 'busy', Buffer.alloc(size, String(left)))
    }
  })
  const folder = resultFolder(t, { busy: Buffer.alloc(size, 'x') })
  const uploader = await runUploader(t, { ...server, folder })
  await uploader.said('changed: "busy"')
  t.equal(await uploader.end(), 0)
  t.same(await results(server), { busy: '0'.repeat(size) })
})

await t.test('contents that the store has lost are put again', async (t) => {
  let losses = 2
  const server = await uploadServer(t, {
    asked: async (route) => {
      if (route === 'done' && losses-- > 0) await removeObject(server.store, contentKey(server.id, server.attempt, lost))
    }
  })
  const lost = contentOf(Buffer.from('lost')).sha256
  const folder = resultFolder(t, { a: 'lost', b: 'lost', c: 'kept' })
  const uploader = await runUploader(t, { ...server, folder })
  t.equal(await uploader.end(), 0)
  t.same(await results(server), { a: 'lost', b: 'lost', c: 'kept' })
  t.match(await server.manifest(), { complete: true })
})

await t.test('what the store loses again and again is named, and the rest is kept', async (t) => {
  const server = await uploadServer(t, {
    asked: async (route) => {
      if (route === 'done') await removeObject(server.store, contentKey(server.id, server.attempt, lost))
    }
  })
  const lost = contentOf(Buffer.from('lost')).sha256
  const uploader = await runUploader(t, { ...server, folder: resultFolder(t, { a: 'lost', b: 'kept' }) })
  t.equal(await uploader.end(), 1)
  t.match(uploader.output(), 'the store loses what it has taken')
  t.notMatch(uploader.output(), /(?<!not )all is up/)
  t.match(await server.manifest(), {
    complete: false,
    left_out: [{ name: 'a', reason: 'the store has lost it again and again' }]
  })
  t.same(await results(server), { b: 'kept' })
})

await t.test('a file that is renamed is not sent again', async (t) => {
  let granted = 0
  const server = await uploadServer(t, { asked: (route) => { if (route === 'upload') granted++ } })
  const folder = resultFolder(t, { 'a.part': 'x'.repeat(100_000) })
  const uploader = await runUploader(t, { ...server, folder })
  await uploader.said('stored: "a.part"')
  renameSync(join(folder, 'a.part'), join(folder, 'a'))
  await uploader.said('stored: "a"')
  t.equal(await uploader.end(), 0)
  t.equal(granted, 1)
  t.same(await results(server), { a: 'x'.repeat(100_000) })
})

await t.test('a journal of another uploader of the attempt does not stay', async (t) => {
  let times = 1
  const server = await uploadServer(t, {
    asked: async (route) => {
      if (route !== 'done' || times-- === 0) return
      const entries = await putContents(server.store, server, { foreign: 'x', a: 'old' })
      await writeJournal(server.store, server.id, server.attempt, { page: 0, files: 2, bytes: 4, entries })
    }
  })
  const uploader = await runUploader(t, { ...server, folder: resultFolder(t, { a: 'new' }) })
  t.equal(await uploader.end(), 0)
  t.same(await results(server), { a: 'new' })
  t.equal((await server.contents()).length, 1)
})

await t.test('an old page of the journal that comes late does not bring back old bytes', async (t) => {
  let times = 1
  const server = await uploadServer(t, {
    asked: async (route) => {
      if (route !== 'done' || times-- === 0) return
      // The same file with other bytes of the same size, as the uploader had noted before.
      const entries = await putContents(server.store, server, { a: 'old' })
      await writeJournal(server.store, server.id, server.attempt, { page: 0, files: 1, bytes: 3, entries })
    }
  })
  const uploader = await runUploader(t, { ...server, folder: resultFolder(t, { a: 'new' }) })
  t.equal(await uploader.end(), 0)
  t.same(await results(server), { a: 'new' })
})

await t.test('while the service is down the uploader waits, also after the end of the workload', async (t) => {
  const server = await uploadServer(t)
  const folder = resultFolder(t, { a: 'a' })
  await server.stop()
  const uploader = await runUploader(t, { ...server, folder })
  await uploader.said('asking again')
  const ended = uploader.end()
  await server.startAgain()
  t.equal(await ended, 0)
  t.same(await results(server), { a: 'a' })
  t.match(await server.manifest(), { files: 1, bytes: 1 })
})

await t.test('when the job has ended the uploader gives up', async (t) => {
  const server = await uploadServer(t)
  const folder = resultFolder(t, { a: 'a' })
  const uploader = await runUploader(t, { ...server, folder })
  await poll('it is published', async () => (await server.names()).includes('a'))
  await advanceRecord(server.store, server.id, (record) => advance(record, { state: 'canceled' }, new Date()))
  writeResult(folder, 'b', 'b')
  t.equal(await uploader.exited, 1, 'by itself')
  t.match(uploader.output(), 'The job has ended')
  t.same(await results(server), { a: 'a' })
  t.equal((await server.contents()).length, 1)
})

await t.test('with a wrong token the uploader gives up', async (t) => {
  const server = await uploadServer(t)
  const uploader = await runUploader(t, { ...server, folder: resultFolder(t, { a: 'a' }), token: 'wrong' })
  t.equal(await uploader.exited, 1)
  t.match(uploader.output(), 'The credential is missing or wrong')
})

await t.test('without its settings the uploader says which one is missing or wrong', async (t) => {
  const server = await uploadServer(t)
  const folder = resultFolder(t)
  for (
    const [env, message] of [
      [{ POD_UID: '' }, 'POD_UID is not set'],
      [{ STOP_FILE: '' }, 'STOP_FILE is not set'],
      [{ GRACE_SECONDS: '' }, 'GRACE_SECONDS must be a number of seconds above 0'],
      [{ WORKLOAD_SECONDS: 'soon' }, 'WORKLOAD_SECONDS must be a number of seconds above 0'],
      [{ SETTLE_SECONDS: '-1' }, 'SETTLE_SECONDS must be a number of seconds above 0']
    ] as const
  ) {
    const uploader = await runUploader(t, { ...server, folder, env })
    t.equal(await uploader.exited, 1)
    t.match(uploader.output(), message)
  }
})

for (
  const [what, before] of Object.entries({
    'whose event loop runs empty': 'globalThis.fetch = () => new Promise(() => {})',
    'that runs into an unknown error': "globalThis.fetch = () => { setImmediate(() => { throw new Error('odd') }) }",
    // Node itself ends with 0 then, as soon as nothing is left to wait for.
    'whose event loop runs empty before it begins': "require('fs').promises.writeFile = () => new Promise(() => {})"
  })
) {
  await t.test(`an uploader ${what} does not end with 0`, async (t) => {
    const server = await uploadServer(t)
    const uploader = await runUploader(t, { ...server, folder: resultFolder(t, { a: 'a' }), before })
    t.not(await uploader.exited, 0)
    t.notMatch(uploader.output(), 'all is up')
  })
}

await t.test('an uploader that is killed at any of its steps has not said that all is up', async (t) => {
  for (const step of ['upload', 'journal', 'done']) {
    const server = await uploadServer(t, { asked: (route) => route === step && uploader.kill('SIGKILL') })
    const folder = resultFolder(t, { a: 'a' })
    const uploader = await runUploader(t, { ...server, folder })
    t.equal(await uploader.end(), 'SIGKILL', step)
    t.notMatch(uploader.output(), 'all is up')
  }
})

await t.test('the hooks wait for the start and note the end of the pod', async (t) => {
  const server = await uploadServer(t)
  const folder = resultFolder(t)
  const uploader = await runUploader(t, { ...server, folder })
  await uploader.said('watching')
  t.ok(existsSync(join(dirname(folder), 'started')))
  t.notOk(existsSync(join(dirname(folder), 'stopping')))
  await uploader.hook('stopping')
  t.ok(existsSync(join(dirname(folder), 'stopping')))
  await uploader.hook('await-start')
  t.equal(await uploader.end(), 0)
})
