import { Type } from 'typebox'
import { admitSenderBy, senderSettings } from '../../shared/access/admit-sender.ts'
import { brokerSettings, remindBy } from '../../shared/events/remind.ts'
import { readDocument } from '../../shared/http/openapi/read-document.ts'
import { runFunction, serverSettings } from '../../shared/http/server.ts'
import { connectCluster, kubernetesSettings } from '../../shared/kubernetes/cluster.ts'
import { readSettings } from '../../shared/settings/read-settings.ts'
import { openStore, storeSettings } from '../../shared/store/open-store.ts'
import { jobCompleted } from './app.ts'
import { callbackSettings, readCallbackSettings } from './callbacks/callback-settings.ts'

const Settings = Type.Object({
  ...serverSettings,
  ...storeSettings,
  ...kubernetesSettings,
  ...senderSettings,
  ...callbackSettings,
  ...brokerSettings
})

runFunction(() => readSettings(Settings), async (settings) => {
  const cluster = await connectCluster(settings)
  return {
    title: 'job-completed',
    admit: undefined,
    document: async () => await readDocument('job-completed'),
    app: jobCompleted({
      store: openStore(settings),
      cluster,
      callbacks: readCallbackSettings(settings),
      remind: remindBy(settings),
      admitSender: admitSenderBy(settings, cluster)
    })
  }
})
