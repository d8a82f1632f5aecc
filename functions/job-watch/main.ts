import { Type } from 'typebox'
import { admitCallers, callerSettings } from '../../shared/access/admit-callers.ts'
import { runFunction, serverSettings } from '../../shared/http/server.ts'
import { connectCluster, kubernetesSettings } from '../../shared/kubernetes/cluster.ts'
import { readSettings } from '../../shared/settings/read-settings.ts'
import { openStore, storeSettings } from '../../shared/store/open-store.ts'
import { jobWatch } from './app.ts'

const Settings = Type.Object({ ...serverSettings, ...storeSettings, ...kubernetesSettings, ...callerSettings })

runFunction(() => readSettings(Settings), async (settings) => {
  const store = openStore(settings)
  return {
    title: 'job-watch',
    ...admitCallers('job-watch', settings, store),
    app: jobWatch({ store, cluster: await connectCluster(settings) })
  }
})
