import { createHash, randomUUID } from 'node:crypto'
import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ask, askFirst } from '../parts/ask.ts'
import { bigFile } from '../parts/big-file.ts'
import { newBucket } from '../parts/bucket.ts'
import { upload as curl } from '../parts/curl.ts'
import { startFunction } from '../parts/function.ts'
import { startProgram } from '../parts/program.ts'
import { runUploader } from '../parts/uploader.ts'
import type { Row } from '../row.ts'

const FILES = 1000
const FILE_BYTES = 10_000

export const upload: Row = {
  name: 'upload',
  title: 'The uploader',
  about: 'The uploader of a job whose workload has ended, from exec to its end: all files are stored, compared and in ' +
    'the manifest. One file of 1 GiB (a quick run: 256 MiB) against `openssl dgst -sha256` and then `curl -T` to a ' +
    `presigned URL; ${FILES} files of 10 kB against plain presigned PUTs, one after another.`,
  rounds: { quick: 2, full: 4 },
  lines: [
    { what: '1 GiB, wall ÷ (openssl sha256, then curl PUT)', figure: 'wall', over: 'floor', reach: 1.2, then: 0.9 },
    { what: '1,000 files of 10 kB, wall ÷ plain PUTs', of: 'many', figure: 'wall', over: 'plain', reach: 0.8, then: 0.4 }
  ],
  async open (bench) {
    const { store, settings, urlToPut } = await newBucket(bench)
    const { url } = await startFunction(bench, 'result-upload', { settings })
    await askFirst(`${url}/health/readiness`, 200)

    const large = join(bench.dir, 'large')
    const small = join(bench.dir, 'small')
    for (const folder of [large, small]) mkdirSync(folder)
    const file = bigFile(bench, 'upload.bin', bench.isQuick ? 256 : 1024)
    const path = join(large, 'upload.bin')
    renameSync(file.path, path)
    const contents = Array.from({ length: FILES }, (_, index) =>
      createHash('shake256', { outputLength: FILE_BYTES }).update(String(index)).digest()
    )
    for (const [index, content] of contents.entries()) writeFileSync(join(small, `${index}.bin`), content)

    return {
      floor: async () => {
        const began = performance.now()
        const digest = await startProgram(bench, ['openssl', 'dgst', '-sha256', path])
        await digest.ended()
        if (!digest.output().includes(file.sha256)) throw new Error(`openssl said ${digest.output()}`)
        await curl(bench, await urlToPut(`floor/${randomUUID()}`), path)
        return { wall: performance.now() - began }
      },
      product: async () => await runUploader(bench, store, url, large, 1),
      plain: async () => {
        const folder = randomUUID()
        const urls = await Promise.all(contents.map(async (_, index) => await urlToPut(`floor/${folder}/${index}`)))
        const began = performance.now()
        for (const [index, body] of contents.entries()) await ask(urls[index]!, 200, { method: 'PUT', body })
        return { wall: performance.now() - began }
      },
      many: async () => await runUploader(bench, store, url, small, FILES)
    }
  }
}
