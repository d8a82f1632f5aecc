import { askFirst, digestOf } from '../parts/ask.ts'
import { bigFile } from '../parts/big-file.ts'
import { newBucket } from '../parts/bucket.ts'
import { download as curl, upload } from '../parts/curl.ts'
import { startFunction } from '../parts/function.ts'
import { storedFile } from '../parts/stored-file.ts'
import { startStub } from '../parts/stub.ts'
import { startPrototype } from '../peer/prototype.ts'
import type { Row } from '../row.ts'

const MB = 1e6
const AT_ONCE = 8

export const download: Row = {
  name: 'download',
  title: 'A large result file',
  about: 'One file of 1 GiB (a quick run: 256 MiB), downloaded by curl. The floor is the store’s presigned URL. The ' +
    `digest is checked before the rounds, and the size in each of them. Then ${AT_ONCE} downloads at once.`,
  rounds: { quick: 2, full: 4 },
  lines: [
    { what: 'through result-fetch, time ÷ direct', figure: 'wall', over: 'floor', reach: 2.2, then: 1.6 },
    { what: 'by redirect to the store, time ÷ direct', of: 'redirect', figure: 'wall', over: 'floor', reach: 1.1, then: 1.05 },
    { what: 'through the prototype’s stack, time ÷ direct', of: 'prototype', figure: 'wall', over: 'floor' },
    { what: 'peak memory of result-fetch', figure: 'peak', unit: 'MB', reach: 130, then: 110 },
    { what: `${AT_ONCE} at once, peak − idle`, of: 'eight', figure: 'more', unit: 'MB', reach: 60, then: 40 }
  ],
  async open (bench) {
    const bucket = await newBucket(bench)
    const { settings, urlToPut } = bucket
    const file = bigFile(bench, 'drive.mcap', bench.isQuick ? 256 : 1024)
    const { id, direct } = await storedFile(bench, bucket, file, 'drive.mcap')
    const path = `/job/${id}/result?file=drive.mcap`

    const stub = await startStub(bench)
    const peer = await startPrototype(bench, { settings, kubeconfig: stub.kubeconfig() })
    await askFirst(`${peer.url}/ready`, 204)
    await upload(bench, await urlToPut(`${id}/drive.mcap`), file.path)

    const started = async () => {
      const env = { S3_PUBLIC_ENDPOINT: settings.S3_ENDPOINT }
      const one = await startFunction(bench, 'result-fetch', { settings, env })
      await askFirst(`${one.url}/job/${id}`, 200)
      return one
    }
    const first = await started()
    for (const url of [first.url + path, peer.url + path, direct]) {
      const { size, sha256 } = await digestOf(url)
      if (size !== file.size || sha256 !== file.sha256) throw new Error(`${url}: ${size} bytes with the digest ${sha256}`)
    }
    await first.kill()

    return {
      floor: async () => ({ wall: await curl(bench, direct, file.size) }),
      product: async () => {
        const { url, kill } = await started()
        const wall = await curl(bench, url + path, file.size)
        return { wall, peak: (await kill()).peak / MB }
      },
      redirect: async () => {
        const { url, kill } = await started()
        const wall = await curl(bench, url + path, file.size, ['-H', 'Prefer: redirect', '-L'])
        await kill()
        return { wall }
      },
      prototype: async () => ({ wall: await curl(bench, peer.url + path, file.size) }),
      eight: async () => {
        const { url, memory, kill } = await started()
        const idle = memory()
        await Promise.all(Array.from({ length: AT_ONCE }, async () => await curl(bench, url + path, file.size)))
        return { more: ((await kill()).peak - idle) / MB }
      }
    }
  }
}
