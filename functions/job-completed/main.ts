import { Type } from 'typebox'
import { connectCluster, kubernetesSettings } from '../../shared/kubernetes.ts'
import { openStore, storeSettings } from '../../shared/object-store.ts'
import { runFunction, serverSettings } from '../../shared/server.ts'
import { readSettings } from '../../shared/settings.ts'
import { jobCompleted } from './app.ts'

runFunction(() => readSettings(Type.Object({ ...serverSettings, ...storeSettings, ...kubernetesSettings })), (settings) => ({
  title: 'job-completed',
  description: 'Advances the records of jobs as their Jobs change',
  app: jobCompleted({ store: openStore(settings), cluster: connectCluster(settings) })
}))
