import { Type } from 'typebox'
import { tokenSettings } from '../../shared/job-token.ts'
import { openStore, storeSettings } from '../../shared/object-store.ts'
import { runFunction, serverSettings } from '../../shared/server.ts'
import { readSettings } from '../../shared/settings.ts'
import { resultUpload, securitySchemes } from './app.ts'
import { SMALLEST_PART } from './part-size.ts'
import { presignWith } from './presign.ts'

runFunction(() => readSettings(Type.Object({ ...serverSettings, ...storeSettings, ...tokenSettings })), (settings) => ({
  title: 'result-upload',
  description: 'Grants the uploader of a job the uploads of its results, one at a time',
  admit: undefined,
  securitySchemes,
  app: resultUpload({
    store: openStore(settings),
    presign: presignWith(settings),
    tokenKey: settings.JOB_TOKEN_KEY,
    smallestPart: SMALLEST_PART
  })
}))
