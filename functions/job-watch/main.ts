import { Type } from 'typebox'
import { admitCallers, callerSettings } from '../../shared/access/admit-callers.ts'
import { runFunction, serverSettings } from '../../shared/http/server.ts'
import { connectCluster, kubernetesSettings } from '../../shared/kubernetes/cluster.ts'
import { readSettings } from '../../shared/settings/read-settings.ts'
import { openStore, storeSettings } from '../../shared/store/open-store.ts'
import { jobWatch } from './app.ts'

const Settings = Type.Object({
  ...serverSettings,
  ...storeSettings,
  ...kubernetesSettings,
  ...callerSettings,
  // Knative cuts a request after 300 s (knative/base/job-watch.yaml).
  STREAM_SECONDS: Type.Integer({
    default: 240,
    minimum: 1,
    maximum: 3600,
    description: 'After this time a stream ends, and a client comes again'
  })
})

const PING_MS = 15_000

runFunction(() => readSettings(Settings), async (settings) => {
  const store = openStore(settings)
  return {
    title: 'job-watch',
    ...admitCallers('job-watch', settings, store),
    app: jobWatch({
      store,
      cluster: await connectCluster(settings),
      times: { longest: settings.STREAM_SECONDS * 1000, ping: PING_MS }
    })
  }
})
