import { randomUUID } from 'node:crypto'
import t, { type Test } from 'tap'
import { sends } from '../support/fault-rules.ts'
import { faultyHost } from '../support/faulty-host.ts'
import { poll } from '../support/poll.ts'
import { processesWith } from '../support/processes-with.ts'

await t.test('a crash during the upload of files', async (t) => {
  const host = await faultyHost(t, 'result-upload')
  const files = 'for n in 1 2 3; do head -c 200000 /dev/urandom > $n.bin; done; sha256sum *.bin'

  async function isWhole (t: Test, id: string): Promise<void> {
    t.match(await host.reaches(id, 'succeeded', 'failed'), { state: 'succeeded' })
    const told = (await host.jobLog(id)).trim().split('\n').map((line) => line.split(/\s+/))
    t.strictSame((await host.results(id)).map(({ name, sha256 }) => [sha256, name]), told)
  }

  await t.test('result-upload is killed before it grants an upload', async (t) => {
    host.proxies.store.fate = sends('GET', '/state/')
    const id = await host.deploy({ env: { SCRIPT: files } })
    await host.proxies.store.caught()
    await host.crash()
    await isWhole(t, id)
  })

  await t.test('result-upload is killed before it writes the manifest', async (t) => {
    host.proxies.store.fate = sends('PUT', '/manifest.json')
    const id = await host.deploy({ env: { SCRIPT: files } })
    await host.proxies.store.caught()
    await host.crash()
    await isWhole(t, id)
  })

  await t.test('the uploader is killed in the middle of a file', {
    skip: process.platform === 'linux' ? false : 'the search for the process needs /proc'
  }, async (t) => {
    host.proxies.store.fate = sends('PUT', '/results/')
    const id = await host.deploy({ env: { SCRIPT: `${files}; sleep 6` } })
    await host.proxies.store.caught()
    host.proxies.store.heal()
    const [pid] = processesWith('uploader.cjs', id)
    process.kill(pid!, 'SIGKILL')
    await isWhole(t, id)
  })

  await t.test('the workload is killed', {
    skip: process.platform === 'linux' ? false : 'the search for the process needs /proc'
  }, async (t) => {
    const mark = randomUUID()
    const id = await host.deploy({ env: { SCRIPT: `echo early > early.txt; sleep 100; : ${mark}` } })
    await poll('the early file is uploaded', async () => (await host.results(id)).length > 0)
    for (const pid of processesWith('eval "$SCRIPT"', mark)) process.kill(pid, 'SIGKILL')
    t.match(await host.reaches(id, 'failed', 'succeeded'), { state: 'failed', exit_code: 137 })
    t.equal(await (await host.result(id, 'early.txt')).text(), 'early\n')
  })
})
