import closeWithGrace from 'close-with-grace'
import { relative, resolve } from 'node:path'
import { startHost } from './host.ts'

const port = Number(process.env.PORT || 8080)
if (!Number.isInteger(port) || port < 0 || port > 65535) {
  console.error(`PORT must be a number from 0 to 65535, not ${process.env.PORT}`)
  process.exit(1)
}

const folder = resolve(process.env.LOCAL_DATA || resolve(import.meta.dirname, '../../.local/data'))
const shown = relative('.', folder).startsWith('..') ? folder : relative('.', folder)
console.log(
  'Starting the local host, which simulates a cluster on this machine for trials.\nIt isolates nothing and does not authenticate callers: never deploy it.'
)
const starting = startHost({ port, keep: folder, log: (line) => console.log(line) })
// Registered before the start has finished, so that a signal stops the parts that have started.
closeWithGrace({ delay: 60_000, logger: false }, async ({ err }) => {
  if (err) console.error(err)
  const host = await starting.catch(() => undefined)
  console.log('Stopping …')
  await host?.stop()
})

try {
  const { url, store, kubeconfig, ping } = await starting
  // Jobs that ran when an earlier local host ended are found to be lost now, not at the next minute.
  await ping()
  console.log(`
The local host is ready at ${url} (S3 store: ${store.endpoint}, kubeconfig: ${kubeconfig}).
Open this address in a browser for the page, or use curl:

  curl -s ${url}/template                                     # the templates
  id=$(curl -s ${url}/job/deploy | cut -d'"' -f4)             # run the default job
  curl -s -H 'Prefer: wait=30' ${url}/job/$id                 # its state
  curl -s ${url}/job/$id/log                                  # its log
  curl -s ${url}/job/$id/result/list                          # its result files
  curl -sOJ "${url}/job/$id/result?file=summary.json"         # one result file
  curl -s -X DELETE ${url}/job/$id                            # cancel it

Ctrl-C stops the local host and all its processes, also those of jobs. Ended jobs and their files stay in
${process.env.S3_ENDPOINT ? `the bucket at ${store.endpoint}` : shown} and are there after the next start; ${process.env.S3_ENDPOINT ? 'its keys are in ' + shown : '`make clean` removes them'}.
`)
} catch (error) {
  const { code, message } = error as NodeJS.ErrnoException
  console.error(code === 'EADDRINUSE' ? `port ${port} is in use; choose another port: PORT=${port + 1} make run` : message)
  process.exit(1)
}
