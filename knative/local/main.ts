import closeWithGrace from 'close-with-grace'
import { startHost } from './host.ts'

const port = Number(process.env.PORT || 8080)
if (!Number.isInteger(port) || port < 0 || port > 65535) {
  console.error(`PORT must be a number from 0 to 65535, not ${process.env.PORT}`)
  process.exit(1)
}

console.log(
  'Starting the local host, which simulates a cluster on this machine for trials.\nIt isolates nothing and does not authenticate callers: never deploy it.'
)
const starting = startHost({ port, log: (line) => console.log(line) })
// Registered before the start has finished, so that a signal stops the parts that have started.
closeWithGrace({ delay: 60_000, logger: false }, async ({ err }) => {
  if (err) console.error(err)
  const host = await starting.catch(() => undefined)
  console.log('Stopping …')
  await host?.stop()
})

try {
  const { url, store, kubeconfig } = await starting
  console.log(`
The local host is ready at ${url} (S3 store: ${store.endpoint}, kubeconfig: ${kubeconfig}).

  curl -s ${url}/template                                     # the templates
  id=$(curl -s ${url}/job/deploy | cut -d'"' -f4)             # run the default job
  curl -s -H 'Prefer: wait=30' ${url}/job/$id                 # its state
  curl -s ${url}/job/$id/log                                  # its log
  curl -s ${url}/job/$id/result/list                          # its result files
  curl -sOJ "${url}/job/$id/result?file=summary.json"         # one result file
  curl -s -X DELETE ${url}/job/$id                            # cancel it

Ctrl-C stops the local host and all its processes, and removes its jobs and files.
`)
} catch (error) {
  const { code, message } = error as NodeJS.ErrnoException
  console.error(code === 'EADDRINUSE' ? `port ${port} is in use; choose another port: PORT=${port + 1} make run` : message)
  process.exit(1)
}
