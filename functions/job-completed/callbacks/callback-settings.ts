import { Type, type Static, type TObject } from 'typebox'
import { type ConnectorPlace, connectorSettings, connectorsOf } from '../../../shared/connector/connectors.ts'
import { type EgressRules, egressRules, egressSettings } from '../../../shared/egress/egress-rules.ts'
import { sinkSettings } from '../../../shared/events/sink-settings.ts'
import { webhookSettings } from '../../../shared/events/webhook-secrets.ts'

export const callbackSettings = {
  ...egressSettings,
  ...webhookSettings,
  ...sinkSettings,
  ...connectorSettings,
  K_CE_OVERRIDES: Type.Optional(Type.String())
}

/** The settings for making callbacks. */
export interface CallbackSettings extends ConnectorPlace {
  egress: EgressRules
  secretsDir: string | undefined
  sink: { url: string, extensions: Record<string, string>, tokenFile: string } | undefined
}

export function readCallbackSettings (settings: Static<TObject<typeof callbackSettings>>): CallbackSettings {
  const { WEBHOOK_SECRETS_DIR: secretsDir, K_SINK: url, K_CE_OVERRIDES: overrides, K_SINK_TOKEN_FILE: tokenFile } =
    settings
  return {
    egress: egressRules(settings),
    secretsDir,
    ...connectorsOf('job-completed', settings),
    sink: url === undefined ? undefined : { url, extensions: extensionsOf(overrides), tokenFile }
  }
}

/**
 * The extension attributes that a SinkBinding adds to every event. A SinkBinding without any sets the variable to an
 * empty value: https://knative.dev/docs/eventing/custom-event-source/sinkbinding/
 */
function extensionsOf (overrides = ''): Record<string, string> {
  try {
    return overrides === '' ? {} : (JSON.parse(overrides) as { extensions?: Record<string, string> }).extensions ?? {}
  } catch (cause) {
    throw new Error('wrong settings: environment.K_CE_OVERRIDES is not JSON', { cause })
  }
}
