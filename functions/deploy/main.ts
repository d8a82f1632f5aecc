import { admitCallers } from '../../shared/access/admit-callers.ts'
import { admitSenderBy } from '../../shared/access/admit-sender.ts'
import { connectorsOf } from '../../shared/connector/connectors.ts'
import { egressRules } from '../../shared/egress/egress-rules.ts'
import { remindBy } from '../../shared/events/remind.ts'
import { callersApi } from '../../shared/http/callers-api.ts'
import { readDocument } from '../../shared/http/openapi/read-document.ts'
import { runFunction } from '../../shared/http/server.ts'
import { connectCluster } from '../../shared/kubernetes/cluster.ts'
import { complainAs } from '../../shared/settings/complain-as.ts'
import { readSettings } from '../../shared/settings/read-settings.ts'
import { openStore } from '../../shared/store/open-store.ts'
import { deploy } from './app.ts'
import { unusableAssets } from './connector/unusable-assets.ts'
import { templatesIn } from './templates/read-templates.ts'
import { Settings } from './settings.ts'

runFunction(() => readSettings(Settings), async (settings) => {
  const { TEMPLATES_DIR: folder, DEFAULT_TEMPLATE: defaultTemplate } = settings
  const templates = templatesIn(
    folder,
    (file, reason) => complainAs('deploy', { file, msg: `template left out: ${reason}` }),
    (template, warning) => complainAs('deploy', { level: 'warn', template, msg: `template ${template}: ${warning}` })
  )
  // Read the templates now, not at the first request. If the folder cannot be read, the start fails.
  if (!templates().usable.has(defaultTemplate)) {
    complainAs('deploy', {
      msg: `the default template ${defaultTemplate} is not usable in ${folder}; add it or set DEFAULT_TEMPLATE`
    })
  }
  const connectors = connectorsOf('deploy', settings, (connector) => unusableAssets(connector, templates()))
  const remind = remindBy(settings)
  const store = openStore(settings)
  const cluster = await connectCluster(settings)
  const egress = egressRules(settings)
  return {
    title: 'deploy',
    ...admitCallers('deploy', settings, store),
    elsewhere: callersApi['result-fetch'],
    document: async () => await readDocument('deploy'),
    app: deploy({
      store,
      cluster,
      templates,
      tokenKey: settings.JOB_TOKEN_KEY,
      hasSink: settings.K_SINK !== undefined,
      remind (id) {
        // Not awaited: the Broker may answer only when the callback is due. It never rejects.
        remind(id).catch(() => {})
      },
      settings: { namespace: settings.JOBS_NAMESPACE, image: settings.IMAGE, uploadUrl: settings.UPLOAD_URL },
      defaultTemplate,
      ...connectors,
      egress,
      demoWait: settings.DEMO_WAIT_SECONDS,
      mostOpen: settings.MAX_OPEN_JOBS_PER_CALLER,
      admitSender: admitSenderBy(settings, cluster),
      webhooks: { egress, secretsDir: settings.WEBHOOK_SECRETS_DIR, defaultSecret: settings.WEBHOOK_DEFAULT_SECRET },
      takesJobRequests: settings.TAKE_JOB_REQUESTS
    })
  }
})
