import { Type } from 'typebox'
import { admitSenderBy, senderSettings } from '../../shared/admit-sender.ts'
import { connectCluster, kubernetesSettings } from '../../shared/kubernetes.ts'
import { openStore, storeSettings } from '../../shared/object-store.ts'
import { runFunction, serverSettings } from '../../shared/server.ts'
import { readSettings } from '../../shared/settings.ts'
import { jobCompleted } from './app.ts'

runFunction(() => readSettings(Type.Object({ ...serverSettings, ...storeSettings, ...kubernetesSettings, ...senderSettings })), (settings) => {
  const cluster = connectCluster(settings)
  return {
    title: 'job-completed',
    description: 'Advances the records of jobs as their Jobs change',
    admit: undefined,
    app: jobCompleted({ store: openStore(settings), cluster }, admitSenderBy(settings, cluster))
  }
})
