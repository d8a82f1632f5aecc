import { admitSenderBy } from '../../shared/access/admit-sender.ts'
import { remindBy } from '../../shared/events/remind.ts'
import { readDocument } from '../../shared/http/openapi/read-document.ts'
import { runFunction } from '../../shared/http/server.ts'
import { connectCluster } from '../../shared/kubernetes/cluster.ts'
import { readSettings } from '../../shared/settings/read-settings.ts'
import { openStore } from '../../shared/store/open-store.ts'
import { jobCompleted } from './app.ts'
import { readCallbackSettings } from './callbacks/callback-settings.ts'
import { Settings } from './settings.ts'

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
