import { Type } from 'typebox'
import { openStore, storeSettings } from '../../shared/object-store.ts'
import { resultTokenSettings } from '../../shared/result-token.ts'
import { runFunction, serverSettings } from '../../shared/server.ts'
import { readSettings } from '../../shared/settings.ts'
import { resultFetch } from './app.ts'

runFunction(() => readSettings(Type.Object({ ...serverSettings, ...storeSettings, ...resultTokenSettings })), (settings) => ({
  title: 'result-fetch',
  description: 'The state of jobs, their result files byte for byte, and their logs',
  app: resultFetch({ store: openStore(settings), resultTokenKey: settings.RESULT_TOKEN_KEY })
}))
