import { Type } from 'typebox'
import { admitSenderBy, senderSettings } from '../../shared/admit-sender.ts'
import { connectCluster, kubernetesSettings } from '../../shared/kubernetes.ts'
import { openStore, storeSettings } from '../../shared/object-store.ts'
import { runFunction, serverSettings } from '../../shared/server.ts'
import { readSettings } from '../../shared/settings.ts'
import { jobCompleted } from './app.ts'
import { callbackSettings, readCallbackSettings } from './callback-settings.ts'

const Settings = Type.Object({ ...serverSettings, ...storeSettings, ...kubernetesSettings, ...senderSettings, ...callbackSettings })

runFunction(() => readSettings(Settings), (settings) => {
  const cluster = connectCluster(settings)
  return {
    title: 'job-completed',
    description: 'Advances the records of jobs as their Jobs change, and tells who is to be told',
    admit: undefined,
    app: jobCompleted({ store: openStore(settings), cluster, callbacks: readCallbackSettings(settings), admitSender: admitSenderBy(settings, cluster) })
  }
})
