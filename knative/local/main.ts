import closeWithGrace from 'close-with-grace'
import { startHost } from './host.ts'

const port = Number(process.env.PORT || 8080)
if (!Number.isInteger(port) || port < 0 || port > 65535) {
  console.error(`PORT is a number from 0 to 65535, not ${process.env.PORT}`)
  process.exit(1)
}

console.log(
  'Starting the local host: a stand-in for a cluster on this machine, to try things out.\nIt isolates nothing and asks nobody who they are: never deploy it.'
)
const starting = startHost({ port, log: (line) => console.log(line) })
// Also before it is up: what has been started by then is stopped.
closeWithGrace({ delay: 60_000, logger: false }, async ({ err }) => {
  if (err) console.error(err)
  const host = await starting.catch(() => undefined)
  console.log('Stopping …')
  await host?.stop()
})

try {
  const { url, store, kubeconfig } = await starting
  console.log(`
The local host is up at ${url} (S3 store: ${store.endpoint}, kubeconfig: ${kubeconfig}).

  curl -s ${url}/template                                     # what can be run
  id=$(curl -s ${url}/job/deploy | cut -d'"' -f4)             # run the default job
  curl -s -H 'Prefer: wait=30' ${url}/job/$id                 # where it stands
  curl -s ${url}/job/$id/log                                  # what it said
  curl -s ${url}/job/$id/result/list                          # its files
  curl -sOJ "${url}/job/$id/result?file=summary.json"         # one of them
  curl -s -X DELETE ${url}/job/$id                            # cancel it

Ctrl-C stops it and all that it started; jobs and files are gone then.
`)
} catch (error) {
  const { code, message } = error as NodeJS.ErrnoException
  console.error(code === 'EADDRINUSE' ? `port ${port} is taken: PORT=${port + 1} make run` : message)
  process.exit(1)
}
