import { randomUUID } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Test } from 'tap'
import type { Connector } from '../../shared/connector/connectors.ts'
import { openStore } from '../../shared/store/open-store.ts'
import { testHost } from '../support/host.ts'
import { httpServer } from '../support/http-server.ts'
import { poll } from '../support/poll.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { dataspaceOf } from './dataspace.ts'
import { type EdcProcess, MANAGEMENT_KEY, startEdc, type Version } from './edc-process.ts'

export const ENDPOINT_KEY = 'geheim-of-endpoint'

interface Wanted {
  /** Settings of the provider's connector. */
  settings?: (url: string) => Record<string, string>
  /** The provider's file in the table of connectors. */
  table: (provider: EdcProcess) => Omit<Connector, 'name'>
}

/** The functions with the connector of a provider, as docs/connector.md describes, and the connector of a consumer. */
export async function connected (t: Test, version: Version, { settings = () => ({}), table }: Wanted) {
  // EDC does not send a push again over a new connection, if this server has just closed the old one.
  const sink = await httpServer(t, (_, response) => response.writeHead(200, { connection: 'close' }).end())
  const bucket = `test-${randomUUID().slice(0, 13)}`
  const connectors = temporaryFolder(t, {})
  const host = await testHost(t, {
    '*': {
      S3_BUCKET: bucket,
      EGRESS_ALLOWED_ORIGINS: sink.url,
      CONNECTORS_DIR: connectors,
      CONNECTOR_SECRETS_DIR: temporaryFolder(t, {
        'provider.endpoint-key': ENDPOINT_KEY,
        'provider.management-key': MANAGEMENT_KEY
      })
    }
  })
  const [provider, consumer] = await Promise.all([
    startEdc(t, version, 'provider', settings(host.url)),
    startEdc(t, version, 'consumer')
  ])
  writeFileSync(join(connectors, 'provider.yaml'), JSON.stringify({ name: 'provider', ...table(provider) }))
  await host.ping()
  const { endpoint: s3, accessKey, secretKey, region } = host.store
  return {
    host,
    provider,
    sink,
    dataspace: await dataspaceOf(provider, consumer),
    store: openStore({
      S3_ENDPOINT: s3,
      S3_ACCESS_KEY: accessKey,
      S3_SECRET_KEY: secretKey,
      S3_REGION: region,
      S3_BUCKET: bucket
    }),
    /** Waits with a ping a second, instead of a minute. */
    async pinged<T> (what: string, ask: () => Promise<T | undefined | false>): Promise<T> {
      return await poll(what, async () => {
        await host.ping()
        await sleep(1000)
        return await ask()
      }, 60)
    },
    /** Waits for the only job that runs. */
    async running (): Promise<string> {
      return await poll('a job runs', async () => (await host.jobs()).find(({ state }) => state === 'running')?.job_uuid)
    }
  }
}

/** An asset in the table of connectors whose job runs a script. */
export function script (SCRIPT: string) {
  return { template: 'script', env: { SCRIPT }, result: { file: 'result.txt' } } as const
}
