import { createHash } from 'node:crypto'
import t, { type Test } from 'tap'
import { testHost } from '../../support/host.ts'
import { kubectl } from '../../support/kubectl.ts'
import { poll } from '../../support/poll.ts'
import { processesWith } from '../../support/processes-with.ts'

/** Stops the pods as Knative does when it scales down: all containers get SIGTERM, and the pod gets no new requests. */
function stopPods (name: string): void {
  kubectl(
    'delete',
    'pod',
    '-n',
    'gx4ki',
    '-l',
    `serving.knative.dev/service=${name}`,
    '--wait=false',
    '--ignore-not-found'
  )
}

await t.test('functions that get SIGTERM while they are busy', async (t) => {
  const host = await testHost(t, { '*': { DEFAULT_TEMPLATE: 'node' } })

  const ended = async (t: Test, id: string): Promise<void> => {
    const job = await poll('the job has ended', async () => {
      const now = await host.job(id)
      return ['succeeded', 'failed', 'lost'].includes(now.state) && now
    }, 150)
    t.match(job, { state: 'succeeded', exit_code: 0 })
  }

  await t.test('a running download is completed', async (t) => {
    const size = 96 * 1024 * 1024
    const id = await host.deploy({
      env: {
        SCRIPT: `
          const noise = (await import('node:crypto')).randomBytes(${size})
          ;(await import('node:fs')).writeFileSync(process.env.RESULTS + '/noise.bin', noise)
          console.log((await import('node:crypto')).createHash('sha256').update(noise).digest('hex'))`
      }
    })
    await ended(t, id)
    const digest = (await host.jobLog(id)).trim()

    const { body } = await host.result(id, 'noise.bin')
    const reader = body!.getReader()
    const hash = createHash('sha256')
    let got = 0
    const read = async (): Promise<boolean> => {
      const { done, value } = await reader.read()
      if (value !== undefined) {
        hash.update(value)
        got += value.length
      }
      return done
    }
    await read()
    const serving = processesWith('dist/result-fetch.cjs')
    stopPods('result-fetch')
    await poll(
      'the pod is terminating',
      () =>
        kubectl(
          'get',
          'pods',
          '-n',
          'gx4ki',
          '-l',
          'serving.knative.dev/service=result-fetch',
          '-o',
          'jsonpath={.items[*].metadata.deletionTimestamp}'
        ) !== ''
    )
    // When another pod answers, a process that does not wait for its download would have ended.
    await poll('another pod answers', async () => (await fetch(`${host.url}/job/${id}`)).ok)
    t.ok(
      processesWith('dist/result-fetch.cjs').some((pid) => serving.includes(pid)),
      'the old process runs until the download is complete'
    )
    while (!await read());
    t.equal(got, size)
    t.equal(hash.digest('hex'), digest)
    await poll(
      'the old process has ended',
      () => !processesWith('dist/result-fetch.cjs').some((pid) => serving.includes(pid))
    )
  })

  await t.test('no upload is lost', async (t) => {
    const id = await host.deploy({
      template: 'patient',
      env: {
        SCRIPT: `
          const { writeFileSync } = await import('node:fs')
          for (let i = 100; i < 160; i++) {
            writeFileSync(process.env.RESULTS + '/' + i + '.txt', 'file ' + i)
            await new Promise((resolve) => setTimeout(resolve, 200))
          }`
      }
    })
    for (const files of [5, 20, 35]) {
      await poll(`${files} files are uploaded`, async () => (await host.results(id)).length >= files)
      stopPods('result-upload')
    }
    await ended(t, id)
    const files = await host.results(id)
    t.equal(files.length, 60)
    for (const { name, sha256 } of files) {
      if (createHash('sha256').update(`file ${parseInt(name)}`).digest('hex') !== sha256) {
        t.fail(`${name} does not have the bytes that the workload wrote`)
      }
    }
  })

  await t.test('no event is lost', async (t) => {
    const ids = await Promise.all(
      ['2', '4', '6'].map(async (seconds) =>
        await host.deploy({
          env: { SCRIPT: `console.log('up'); await new Promise((resolve) => setTimeout(resolve, ${seconds}000))` }
        })
      )
    )
    for (const id of ids) {
      await host.reaches(id, 'running', 'succeeded', 'failed')
      stopPods('job-completed')
    }
    for (const id of ids) {
      // Without a ping.
      await ended(t, id)
      t.equal(await host.jobLog(id), 'up\n')
    }
  })
})
