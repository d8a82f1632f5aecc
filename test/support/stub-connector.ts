import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import type { Test } from 'tap'
import { exchangesOf } from './captured.ts'
import { listen } from './listen.ts'

/** A transfer process of the stub. The names of the states are those of EDC 0.10. */
export interface StubTransfer {
  id: string
  definition: string
  asset: string
  state: 'PROVISIONING' | 'PROVISIONING_REQUESTED' | 'STARTED' | 'TERMINATED' | 'DEPROVISIONING'
  error?: string
  /** All callbacks for this transfer process, with the status of each answer. */
  callbacks: { at: number, headers: IncomingMessage['headers'], body: any, status: number }[]
  answeredAt?: number
  /** The status of the last answer to a request of the stub. */
  answer?: number
}

const NS = 'https://w3id.org/edc/v0.0.1/ns/'
const notFound = (
  what: string,
  id: string
) => [{
  message: `Object of type ${what} with ID=${id} was not found`,
  type: 'ObjectNotFound',
  path: null,
  invalidValue: null
}]
const conflict = (
  state: string
) => [{
  message: `Could not execute AddProvisionedResourceCommand because it's ${state}`,
  type: 'ObjectConflict',
  path: null,
  invalidValue: null
}]
const missing = (
  field: string
) => [{ message: `${field} cannot be null`, type: 'ValidationFailure', path: field, invalidValue: null }]

/**
 * A stand-in for EDC 0.10 with the HTTP provisioner, as far as its behaviour was captured. It sends the captured
 * request, and handles each answer and each callback as the real EDC did. Its transfer processes are in memory, so a
 * test can delete them.
 */
export async function stubConnector (
  t: Test,
  { key = 'password' }: { key?: string } = {}
) {
  const transfers = new Map<string, StubTransfer>()
  const assets = new Map<string, Record<string, string>>()
  /** Status codes for the next requests to the stub. Each request of any kind takes one. */
  const failures: number[] = []
  let isDown = false
  const [seen] = exchangesOf('02-pull-full-loop', 'provision-request')

  const server = createServer((request, response) => {
    answer(request).then(
      ([status, body]) =>
        response.writeHead(status, { 'content-type': 'application/json' }).end(
          body === undefined ? '' : JSON.stringify(body)
        ),
      () => response.destroy()
    )
  })
  const url = `${await listen(t, server)}/management`

  async function answer (request: IncomingMessage): Promise<[number, unknown?]> {
    const body = await text(request)
    const failure = failures.shift()
    if (isDown) return [503]
    if (failure !== undefined) return [failure]
    if (request.headers['x-api-key'] === undefined) {
      return [401, [{ message: 'x-api-key not found', type: 'AuthenticationFailed', path: null, invalidValue: null }]]
    }
    if (request.headers['x-api-key'] !== key) {
      return [401, [{
        message: 'Request could not be authenticated',
        type: 'AuthenticationFailed',
        path: null,
        invalidValue: null
      }]]
    }
    const [, path = ''] = /^\/management\/(.*)$/.exec(request.url!) ?? []
    const [, callback] = /^callback\/([^/]+)\/provision$/.exec(path) ?? []
    if (callback !== undefined) return called(decodeURIComponent(callback), request, JSON.parse(body))
    const [, asset] = /^v3\/assets\/([^/]+)$/.exec(path) ?? []
    if (asset !== undefined) {
      return assets.has(asset)
        ? [200, { '@id': asset, dataAddress: { '@type': 'DataAddress', type: 'HttpProvision', ...assets.get(asset) } }]
        : [404, notFound('Asset', asset)]
    }
    const [, id, what] = /^v3\/transferprocesses\/([^/]+)\/(state|terminate)$/.exec(path) ?? []
    const transfer = transfers.get(id ?? '')
    if (what === undefined) return [404]
    if (transfer === undefined) return [404, notFound('TransferProcess', id!)]
    if (what === 'state') return [200, { '@type': 'TransferState', state: transfer.state }]
    if (transfer.state === 'TERMINATED') return [409, conflict('DEPROVISIONED')]
    transfer.state = 'TERMINATED'
    transfer.error = JSON.parse(body).reason
    return [204]
  }

  /** Handles a callback as the captured EDC did. */
  function called (id: string, { headers }: IncomingMessage, body: any): [number, unknown?] {
    const transfer = transfers.get(id)
    const [status, content] = ((): [number, unknown?] => {
      if (!String(headers['content-type']).startsWith('application/json')) return [415]
      if (body.edctype !== 'dataspaceconnector:provisioner-callback-request') {
        return [400, "missing type id property 'edctype'"]
      }
      for (const field of ['resourceDefinitionId', 'assetId', 'resourceName', 'contentDataAddress', 'apiKeyJwt']) {
        if (body[field] == null) return [400, missing(field)]
      }
      if (transfer === undefined) return [404, notFound('TransferProcess', id)]
      if (transfer.state === 'TERMINATED' || transfer.state === 'DEPROVISIONING') return [409, conflict(transfer.state)]
      if (body.resourceDefinitionId !== transfer.definition || transfer.state === 'STARTED') return [204]
      if (transfer.state === 'PROVISIONING') {
        // EDC overwrites this change with its older copy when it has read the answer to its request.
        Object.assign(transfer, { error: 'the callback came before the answer was read' })
        return [204]
      }
      const { properties } = body.contentDataAddress
      Object.assign(
        transfer,
        properties?.[`${NS}type`] === 'HttpData' && properties[`${NS}baseUrl`] !== undefined
          ? { state: 'STARTED' }
          : { state: 'TERMINATED', error: "'baseUrl' property is missing in HttpDataAddress" }
      )
      return [204]
    })()
    transfer?.callbacks.push({ at: Date.now(), headers, body, status })
    return [status, content]
  }

  return {
    url,
    transfers,
    assets,
    failures,
    down (yes: boolean): void {
      isDown = yes
    },
    /** Starts a transfer process: sends the captured request with new ids and the URL of this stub. */
    async provision (
      endpoint: string,
      { asset = 'asset-1', ...more }: { asset?: string, type?: 'provision' } = {}
    ): Promise<StubTransfer> {
      const transfer: StubTransfer = {
        id: randomUUID(),
        definition: randomUUID(),
        asset,
        state: 'PROVISIONING',
        callbacks: []
      }
      transfers.set(transfer.id, transfer)
      await this.send(endpoint, transfer, more)
      return transfer
    },
    /** Sends the request again, as after a lost answer, or to deprovision. */
    async send (
      endpoint: string,
      transfer: StubTransfer,
      more: { type?: 'provision' | 'deprovision' } = {}
    ): Promise<Response> {
      const body = {
        ...seen!.body as object,
        assetId: transfer.asset,
        transferProcessId: transfer.id,
        callbackAddress: `${url}/callback`,
        resourceDefinitionId: transfer.definition,
        ...more
      }
      const { 'Content-Type': type, 'User-Agent': agent } = seen!.headers
      const response = await fetch(endpoint, {
        method: 'POST',
        headers: { 'content-type': type!, 'user-agent': agent! },
        body: JSON.stringify(body)
      })
      Object.assign(transfer, { answeredAt: Date.now(), answer: response.status })
      if (transfer.state === 'PROVISIONING') {
        if (response.ok) transfer.state = 'PROVISIONING_REQUESTED'
        else if (response.status < 500) {
          Object.assign(transfer, { state: 'TERMINATED', error: `received fatal error code: ${response.status}` })
        }
      }
      return response
    },
    /** Reads the data as EDC's data plane does: a plain GET with the URL and the header of the data address. */
    async pull ({ callbacks }: StubTransfer): Promise<Response> {
      const { properties } = callbacks.findLast(({ status }) => status === 204)!.body.contentDataAddress
      return await fetch(properties[`${NS}baseUrl`], {
        headers: { [properties[`${NS}authKey`]]: properties[`${NS}authCode`] }
      })
    }
  }
}
