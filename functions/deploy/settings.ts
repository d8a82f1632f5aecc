import { Type } from 'typebox'
import { callerSettings } from '../../shared/access/admit-callers.ts'
import { senderSettings } from '../../shared/access/admit-sender.ts'
import { tokenSettings } from '../../shared/access/job-token.ts'
import { connectorSettings } from '../../shared/connector/connectors.ts'
import { egressSettings } from '../../shared/egress/egress-rules.ts'
import { sinkSettings } from '../../shared/events/sink-settings.ts'
import { brokerSettings } from '../../shared/events/remind.ts'
import { SecretName, webhookSettings } from '../../shared/events/webhook-secrets.ts'
import { serverSettings } from '../../shared/http/server.ts'
import { kubernetesSettings } from '../../shared/kubernetes/cluster.ts'
import { storeSettings } from '../../shared/store/open-store.ts'

/** The environment variables of this function. */
export const Settings = Type.Object({
  ...serverSettings,
  ...storeSettings,
  ...kubernetesSettings,
  ...tokenSettings,
  ...callerSettings,
  ...senderSettings,
  ...connectorSettings,
  ...sinkSettings,
  ...brokerSettings,
  ...egressSettings,
  ...webhookSettings,
  WEBHOOK_DEFAULT_SECRET: Type.Optional(SecretName),
  TAKE_JOB_REQUESTS: Type.Boolean({
    default: false,
    description: 'Whether an event may request a job. If true, every client that can send to the Broker can start jobs'
  }),
  MAX_OPEN_JOBS_PER_CALLER: Type.Optional(Type.Integer({ minimum: 1 })),
  TEMPLATES_DIR: Type.String({ default: 'knative/templates' }),
  DEFAULT_TEMPLATE: Type.String({ default: 'drive' }),
  DEMO_WAIT_SECONDS: Type.Integer({ default: 50, minimum: 0, maximum: 240 }),
  UPLOAD_URL: Type.String({ pattern: '^https?://' }),
  IMAGE: Type.String({ minLength: 1 })
})
