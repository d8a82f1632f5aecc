import { setTimeout as pause } from 'node:timers/promises'
import { BatchV1Api, KubeConfig, Watch } from '@kubernetes/client-node'
import { CloudEvent } from 'cloudevents'
import type { ApiServerSource } from '../manifests.ts'
import { sendEvent } from './send-event.ts'

interface Resource {
  apiVersion: string
  kind: string
  metadata: { name: string, namespace: string, resourceVersion: string }
}

const TYPES = new Map(Object.entries({ ADDED: 'add', MODIFIED: 'update', DELETED: 'delete' }))

interface SourceOptions {
  kubeconfig: string
  sink: string
  log: (line: string) => void
}

/**
 * Sends an event for every change of the Jobs that an ApiServerSource selects, strictly one after the other. Like the
 * real adapter it sends no event for Jobs that exist at its start, for changes while it is stopped, and for changes
 * before a new list that a 410 made necessary.
 */
export function createApiServerSource ({ metadata, spec }: ApiServerSource, { kubeconfig, sink, log }: SourceOptions) {
  const { namespace } = metadata
  const labelSelector = Object.entries(spec.resources[0]!.selector.matchLabels).map(([key, value]) => `${key}=${value}`)
    .join(',')
  const config = new KubeConfig()
  config.loadFromFile(kubeconfig)
  const source = config.getCurrentCluster()!.server
  let running: { stopping: AbortController, ended: Promise<void> } | undefined

  /** Resolves when the source sees every later change. */
  async function start (): Promise<void> {
    const stopping = new AbortController()
    const version = await list()
    running = { stopping, ended: follow(version, stopping.signal) }
  }

  async function stop (): Promise<void> {
    running?.stopping.abort()
    await running?.ended
    running = undefined
  }

  async function list (): Promise<string> {
    const { metadata } = await config.makeApiClient(BatchV1Api).listNamespacedJob({
      namespace,
      labelSelector,
      limit: 1
    })
    return metadata!.resourceVersion!
  }

  async function follow (version: string, signal: AbortSignal): Promise<void> {
    let sending = Promise.resolve()
    let expired = false

    function seen (change: string, object: Resource): void {
      if (change === 'ERROR') expired = true
      else version = object.metadata.resourceVersion
      const type = TYPES.get(change)
      if (type !== undefined) sending = sending.then(() => send(type, object, signal))
    }

    while (!signal.aborted) {
      const failure = await watch(version, seen, signal)
      expired ||= failure?.statusCode === 410
      // The signal ends the pause early; the loop checks the signal afterwards.
      await pause(500, undefined, { signal }).catch(() => {})
      if (expired && !signal.aborted) {
        log('api-server-source: the watch has expired (410); the changes until the new list are lost')
        // If the server is unavailable, the list fails like the watch. The next round tries both again.
        version = await list().then((listed) => {
          expired = false
          return listed
        }, () => version)
      }
    }
    await sending
  }

  /** Resolves when the watch has ended, with the error if there was one. */
  async function watch (
    resourceVersion: string,
    seen: (change: string, object: Resource) => void,
    signal: AbortSignal
  ): Promise<{ statusCode?: number } | undefined> {
    const { promise, resolve } = Promise.withResolvers<{ statusCode?: number } | undefined>()
    const query = { labelSelector, resourceVersion, allowWatchBookmarks: true }
    const request = await new Watch(config).watch(
      `/apis/batch/v1/namespaces/${namespace}/jobs`,
      query,
      seen,
      (failure) => resolve(failure ?? undefined)
    )
    const abort = () => request.abort()
    signal.addEventListener('abort', abort, { once: true })
    if (signal.aborted) abort()
    return promise.finally(() => signal.removeEventListener('abort', abort))
  }

  async function send (type: string, object: Resource, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return
    const { name, namespace } = object.metadata
    const event = new CloudEvent({
      type: `dev.knative.apiserver.resource.${type}`,
      source,
      subject: `/apis/${object.apiVersion}/namespaces/${namespace}/${object.kind.toLowerCase()}s/${name}`,
      datacontenttype: 'application/json',
      kind: object.kind,
      apiversion: object.apiVersion,
      name,
      namespace,
      data: object
    })
    const arrived = await sendEvent(sink, event, { 'kn-namespace': metadata.namespace }, signal)
    if (!arrived) log(`api-server-source: lost ${event.type} of ${name}: the sink did not accept it`)
  }

  return { start, stop }
}
