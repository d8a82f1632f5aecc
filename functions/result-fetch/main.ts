import { Type } from 'typebox'
import { admitCallers, callerSettings } from '../../shared/access/admit-callers.ts'
import { resultTokenSettings } from '../../shared/access/result-token.ts'
import { callersApi } from '../../shared/http/callers-api.ts'
import { publicUrlSettings } from '../../shared/http/public-url.ts'
import { readDocument } from '../../shared/http/openapi/read-document.ts'
import { runFunction, serverSettings } from '../../shared/http/server.ts'
import { readSettings } from '../../shared/settings/read-settings.ts'
import { contentReader } from '../../shared/store/content-reader.ts'
import { openStore, storeSettings } from '../../shared/store/open-store.ts'
import { resultFetch } from './app.ts'
import { redirectSettings, storeUrls } from './redirect-to-store.ts'
import { webPage, webPageSettings } from './web-page.ts'

const Settings = Type.Object({
  ...serverSettings,
  ...storeSettings,
  ...callerSettings,
  ...redirectSettings,
  ...resultTokenSettings,
  ...publicUrlSettings,
  ...webPageSettings
})

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
