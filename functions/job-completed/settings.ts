import { Type } from 'typebox'
import { senderSettings } from '../../shared/access/admit-sender.ts'
import { brokerSettings } from '../../shared/events/remind.ts'
import { serverSettings } from '../../shared/http/server.ts'
import { kubernetesSettings } from '../../shared/kubernetes/cluster.ts'
import { storeSettings } from '../../shared/store/open-store.ts'
import { callbackSettings } from './callbacks/callback-settings.ts'

/** The environment variables of this function. */
export const Settings = Type.Object({
  ...serverSettings,
  ...storeSettings,
  ...kubernetesSettings,
  ...senderSettings,
  ...callbackSettings,
  ...brokerSettings
})
