import { Type } from 'typebox'
import { admitCallers, callerSettings } from '../../shared/admit-callers.ts'
import { openStore, storeSettings } from '../../shared/object-store.ts'
import { runFunction, serverSettings } from '../../shared/server.ts'
import { readSettings } from '../../shared/settings.ts'
import { resultFetch } from './app.ts'

runFunction(() => readSettings(Type.Object({ ...serverSettings, ...storeSettings, ...callerSettings })), (settings) => {
  const store = openStore(settings)
  return {
    title: 'result-fetch',
    description: 'The state of jobs, their result files byte for byte, and their logs',
    ...admitCallers('result-fetch', settings, store),
    app: resultFetch({ store })
  }
})
