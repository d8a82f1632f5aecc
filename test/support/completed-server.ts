import { CloudEvent, HTTP } from 'cloudevents'
import type { Test } from 'tap'
import { jobCompleted } from '../../functions/job-completed/app.ts'
import { readCallbackSettings } from '../../functions/job-completed/callbacks/callback-settings.ts'
import type { AdmitSender } from '../../shared/access/admit-sender.ts'
import type { Remind } from '../../shared/events/remind.ts'
import { type Cluster, JOB_LABEL, objectName } from '../../shared/kubernetes/cluster.ts'
import type { Store } from '../../shared/store/open-store.ts'
import { serve } from './serve.ts'

/** The data of an event about the Job of a job, with the fields that job-completed reads. */
export const jobData = (id: string, more: object = {}): object => ({
  kind: 'Job',
  metadata: { name: objectName(id), namespace: 'gx4ki-jobs', labels: { [JOB_LABEL]: id } },
  ...more
})

type Settings = Partial<Parameters<typeof readCallbackSettings>[0]> & { admitSender?: AdmitSender, remind?: Remind }

/** Starts job-completed. */
export async function completedWith (
  t: Test,
  deps: { store: Store, cluster: Cluster },
  { admitSender, remind = async () => false, ...settings }: Settings = {}
) {
  const { url, close } = await serve(
    t,
    jobCompleted({
      ...deps,
      admitSender,
      remind,
      callbacks: readCallbackSettings({
        EGRESS_ALLOWED_ORIGINS: '',
        EGRESS_DENIED_RANGES: '',
        PUBLIC_URL: '',
        K_SINK_TOKEN_FILE: '/none',
        ...settings
      })
    })
  )

  async function send (
    data: unknown,
    { type = 'dev.knative.apiserver.resource.update', mode = 'binary', path = '/', id = 'an id' }: {
      type?: string
      mode?: 'binary' | 'structured'
      path?: string
      id?: string
    } = {}
  ): Promise<Response> {
    const { headers, body } = HTTP[mode](new CloudEvent({ id, type, source: 'https://10.96.0.1:443', data }))
    return await fetch(url + path, { method: 'POST', headers: headers as Record<string, string>, body: body as string })
  }

  return { url, close, send, ping: async () => await send(undefined, { type: 'dev.knative.sources.ping' }) }
}
