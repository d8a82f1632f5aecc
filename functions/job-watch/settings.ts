import { Type } from 'typebox'
import { callerSettings } from '../../shared/access/admit-callers.ts'
import { serverSettings } from '../../shared/http/server.ts'
import { kubernetesSettings } from '../../shared/kubernetes/cluster.ts'
import { storeSettings } from '../../shared/store/open-store.ts'

/** The environment variables of this function. */
export const Settings = Type.Object({
  ...serverSettings,
  ...storeSettings,
  ...kubernetesSettings,
  ...callerSettings,
  // Knative cuts a request after 300 s (knative/base/job-watch.yaml).
  STREAM_SECONDS: Type.Integer({
    default: 240,
    minimum: 1,
    maximum: 3600,
    description: 'After this time a stream ends, and a client comes again'
  })
})
