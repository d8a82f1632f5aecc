import { admitCallers } from '../../shared/access/admit-callers.ts'
import { callersApi } from '../../shared/http/callers-api.ts'
import { readDocument } from '../../shared/http/openapi/read-document.ts'
import { runFunction } from '../../shared/http/server.ts'
import { readSettings } from '../../shared/settings/read-settings.ts'
import { contentReader } from '../../shared/store/content-reader.ts'
import { openStore } from '../../shared/store/open-store.ts'
import { resultFetch } from './app.ts'
import { storeUrls } from './results/redirect-to-store.ts'
import { Settings } from './settings.ts'
import { webPage } from './web-page.ts'

runFunction(() => readSettings(Settings), (settings) => {
  const store = openStore(settings)
  const access = admitCallers('result-fetch', settings, store)
  const results = resultFetch({
    store,
    openContent: contentReader(store),
    storeUrl: storeUrls(store, settings),
    resultTokenKey: settings.RESULT_TOKEN_KEY
  })
  return {
    title: 'result-fetch',
    ...access,
    elsewhere: callersApi.deploy,
    document: async () =>
      await readDocument('callers', { publicUrl: settings.PUBLIC_URL, isOpen: access.admitsAnybody }),
    async app (server) {
      await server.register(results)
      await server.register(webPage(settings))
    }
  }
})
