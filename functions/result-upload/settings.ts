import { Type } from 'typebox'
import { tokenSettings } from '../../shared/access/job-token.ts'
import { serverSettings } from '../../shared/http/server.ts'
import { storeSettings } from '../../shared/store/open-store.ts'

/** The environment variables of this function. */
export const Settings = Type.Object({ ...serverSettings, ...storeSettings, ...tokenSettings })
