import { poll } from '../support/poll.ts'
import { type EdcProcess, MANAGEMENT_KEY, type Version } from './edc-process.ts'

const CONTEXT = { '@vocab': 'https://w3id.org/edc/v0.0.1/ns/', odrl: 'http://www.w3.org/ns/odrl/2/' }
const POLICY = 'http://www.w3.org/ns/odrl.jsonld'

/** The name of the Dataspace Protocol at the Management API, and the end of a participant's address. */
const PROTOCOLS: Record<Version, { protocol: string, path: string }> = {
  '0.10.0': { protocol: 'dataspace-protocol-http', path: '' },
  '0.15.1': { protocol: 'dataspace-protocol-http:2025-1', path: '/2025-1' }
}

/** A transfer process, as the Management API shows it. */
interface Side {
  '@id': string
  state: string
  errorDetail?: string
}

/** A provider that offers all its assets without conditions, and a consumer of the same version. */
export async function dataspaceOf (provider: EdcProcess, consumer: EdcProcess) {
  const atProvider = managementOf(provider)
  const atConsumer = managementOf(consumer)
  const { protocol, path } = PROTOCOLS[provider.version]
  const party = {
    counterPartyAddress: provider.urls.protocol + path,
    counterPartyId: provider.name,
    protocol
  }
  const contracts = new Map<string, string>()
  await atProvider('policydefinitions', { '@id': 'open', policy: { '@context': POLICY, '@type': 'Set' } })
  await atProvider('contractdefinitions', {
    '@id': 'all',
    accessPolicyId: 'open',
    contractPolicyId: 'open',
    assetsSelector: []
  })

  async function negotiated (asset: string): Promise<string> {
    const dataset = await atConsumer('catalog/dataset/request', { '@id': asset, ...party })
    const [offer] = [dataset['odrl:hasPolicy'] ?? dataset.hasPolicy].flat()
    const { '@id': id } = await atConsumer('contractnegotiations', {
      '@type': 'ContractRequest',
      ...party,
      policy: { '@context': POLICY, '@id': offer['@id'], '@type': 'Offer', assigner: provider.name, target: asset }
    })
    return await poll(`the contract for ${asset} is final`, async () => {
      const { state, contractAgreementId, errorDetail } = await atConsumer(`contractnegotiations/${id}`)
      if (state === 'TERMINATED') throw new Error(errorDetail)
      return state === 'FINALIZED' && contractAgreementId
    }, 60)
  }

  return {
    /** Offers assets, each with a contract for the consumer. */
    async offer (assets: Record<string, Record<string, string>>): Promise<void> {
      await Promise.all(Object.entries(assets).map(async ([asset, dataAddress]) => {
        await atProvider('assets', { '@id': asset, properties: { name: asset }, dataAddress })
        contracts.set(asset, await negotiated(asset))
      }))
    },
    /** Starts a transfer: a pull, or a push to `sink`. `events` gets the events of the consumer. */
    async transfer (asset: string, { sink, events }: { sink?: string, events?: string } = {}) {
      const { '@id': id } = await atConsumer('transferprocesses', {
        '@type': 'TransferRequest',
        ...party,
        assetId: asset,
        contractId: contracts.get(asset),
        transferType: sink === undefined ? 'HttpData-PULL' : 'HttpData-PUSH',
        dataDestination: sink === undefined ? { type: 'HttpProxy' } : { type: 'HttpData', baseUrl: sink },
        ...(events !== undefined && {
          callbackAddresses: [{ uri: events, events: ['transfer.process.started'], transactional: false }]
        })
      })
      return transferOf(id)
    }
  }

  function transferOf (id: string) {
    const atBoth = async (): Promise<{ consumer: Side, provider: Side | undefined }> => {
      const [provider] = await atProvider('transferprocesses/request', {
        '@type': 'QuerySpec',
        filterExpression: [{ operandLeft: 'correlationId', operator: '=', operandRight: id }]
      })
      return { consumer: await atConsumer(`transferprocesses/${id}`), provider }
    }
    return {
      id,
      /** Waits for a state at the consumer, and for one of these at the provider. Returns the provider's side. */
      async reaches (atConsumer: string, ...atProvider: string[]): Promise<Side> {
        let last: unknown
        return await poll(`the transfer is ${atConsumer} and ${atProvider.join(' or ')}`, async () => {
          const { consumer, provider } = last = await atBoth()
          return consumer.state === atConsumer && atProvider.includes(provider?.state ?? '') && provider
        }, 90).catch((error: Error) => {
          throw new Error(`${error.message}; it is ${JSON.stringify(last)}`)
        })
      },
      async terminate (): Promise<void> {
        await atConsumer(`transferprocesses/${id}/terminate`, { '@type': 'TerminateTransfer', reason: 'enough' })
      },
      async suspend (): Promise<void> {
        await atConsumer(`transferprocesses/${id}/suspend`, { '@type': 'SuspendTransfer', reason: 'later' })
      },
      async resume (): Promise<void> {
        await atConsumer(`transferprocesses/${id}/resume`, { '@type': 'ResumeTransfer' })
      },
      /** What the consumer gets with the EDR that its connector has kept; `undefined` if there is none. */
      async pull (): Promise<Response | undefined> {
        const edr = await atConsumer(`edrs/${id}/dataaddress`).catch(() => undefined)
        return edr && await fetch(edr.endpoint, { headers: { authorization: edr.authorization } })
      }
    }
  }
}

/** Requests to a Management API, version 3. */
function managementOf ({ urls }: EdcProcess) {
  return async (path: string, body?: object): Promise<any> => {
    const response = await fetch(`${urls.management}/v3/${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { 'content-type': 'application/json', 'x-api-key': MANAGEMENT_KEY },
      ...(body !== undefined && { body: JSON.stringify({ '@context': CONTEXT, ...body }) })
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`${path}: ${response.status} ${text}`)
    return text === '' ? undefined : JSON.parse(text)
  }
}
