import { Type } from 'typebox'
import { connectCluster, kubernetesSettings } from '../../shared/kubernetes.ts'
import { openStore, storeSettings } from '../../shared/object-store.ts'
import { runFunction, serverSettings } from '../../shared/server.ts'
import { readSettings } from '../../shared/settings.ts'
import { jobCompleted } from './app.ts'
import { callbackSettings, readCallbackSettings } from './callback-settings.ts'

runFunction(() => readSettings(Type.Object({ ...serverSettings, ...storeSettings, ...kubernetesSettings, ...callbackSettings })), (settings) => ({
  title: 'job-completed',
  description: 'Advances the records of jobs as their Jobs change, and tells who is to be told',
  app: jobCompleted({ store: openStore(settings), cluster: connectCluster(settings), callbacks: readCallbackSettings(settings) })
}))
