import { readDocument } from '../../shared/http/openapi/read-document.ts'
import { runFunction } from '../../shared/http/server.ts'
import { LARGEST_PUT, SMALLEST_PART } from '../../shared/results/part-size.ts'
import { readSettings } from '../../shared/settings/read-settings.ts'
import { openStore } from '../../shared/store/open-store.ts'
import { resultUpload } from './app.ts'
import { presignWith } from './presign.ts'
import { Settings } from './settings.ts'

runFunction(() => readSettings(Settings), (settings) => {
  const store = openStore(settings)
  return {
    title: 'result-upload',
    admit: undefined,
    document: async () => await readDocument('result-upload'),
    app: resultUpload({
      store,
      presign: presignWith(store),
      tokenKey: settings.JOB_TOKEN_KEY,
      largestPut: LARGEST_PUT,
      smallestPart: SMALLEST_PART
    })
  }
})
