import { Type } from 'typebox'
import { admitCallers, callerSettings } from '../../shared/access/admit-callers.ts'
import { resultTokenSettings } from '../../shared/access/result-token.ts'
import { callersApi } from '../../shared/http/callers-api.ts'
import { runFunction, serverSettings } from '../../shared/http/server.ts'
import { readSettings } from '../../shared/settings/read-settings.ts'
import { contentReader } from '../../shared/store/content-reader.ts'
import { openStore, storeSettings } from '../../shared/store/open-store.ts'
import { urlSigner } from '../../shared/store/sign-url.ts'
import { resultFetch } from './app.ts'

const Settings = Type.Object({ ...serverSettings, ...storeSettings, ...callerSettings, ...resultTokenSettings })

runFunction(() => readSettings(Settings), (settings) => {
  const store = openStore(settings)
  return {
    title: 'result-fetch',
    description: 'The state of jobs, their result files and their logs',
    ...admitCallers('result-fetch', settings, store),
    elsewhere: callersApi.deploy,
    app: resultFetch({
      store,
      openContent: contentReader(store, urlSigner(settings)),
      resultTokenKey: settings.RESULT_TOKEN_KEY
    })
  }
})
