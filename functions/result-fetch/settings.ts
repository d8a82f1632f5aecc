import { Type } from 'typebox'
import { callerSettings } from '../../shared/access/admit-callers.ts'
import { resultTokenSettings } from '../../shared/access/result-token.ts'
import { publicUrlSettings } from '../../shared/http/public-url.ts'
import { serverSettings } from '../../shared/http/server.ts'
import { storeSettings } from '../../shared/store/open-store.ts'
import { redirectSettings } from './results/redirect-to-store.ts'
import { webPageSettings } from './web-page.ts'

/** The environment variables of this function. */
export const Settings = Type.Object({
  ...serverSettings,
  ...storeSettings,
  ...callerSettings,
  ...redirectSettings,
  ...resultTokenSettings,
  ...publicUrlSettings,
  ...webPageSettings
})
