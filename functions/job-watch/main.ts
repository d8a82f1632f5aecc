import { admitCallers } from '../../shared/access/admit-callers.ts'
import { runFunction } from '../../shared/http/server.ts'
import { connectCluster } from '../../shared/kubernetes/cluster.ts'
import { readSettings } from '../../shared/settings/read-settings.ts'
import { openStore } from '../../shared/store/open-store.ts'
import { jobWatch } from './app.ts'
import { Settings } from './settings.ts'

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
