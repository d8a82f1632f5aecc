import { Type } from 'typebox'
import { connectorSettings, connectorsIn } from '../../shared/connectors.ts'
import { tokenSettings } from '../../shared/job-token.ts'
import { connectCluster, kubernetesSettings } from '../../shared/kubernetes.ts'
import { openStore, storeSettings } from '../../shared/object-store.ts'
import { resultTokenSettings } from '../../shared/result-token.ts'
import { runFunction, serverSettings } from '../../shared/server.ts'
import { readSettings } from '../../shared/settings.ts'
import { deploy } from './app.ts'
import { templatesIn } from './read-templates.ts'

const Settings = Type.Object({
  ...serverSettings,
  ...storeSettings,
  ...kubernetesSettings,
  ...tokenSettings,
  ...resultTokenSettings,
  ...connectorSettings,
  TEMPLATES_DIR: Type.String({ default: 'knative/templates' }),
  DEFAULT_TEMPLATE: Type.String({ default: 'drive' }),
  DEMO_WAIT_SECONDS: Type.Integer({ default: 50, minimum: 0, maximum: 240 }),
  UPLOAD_URL: Type.String({ pattern: '^https?://' }),
  IMAGE: Type.String({ minLength: 1 })
})

runFunction(() => readSettings(Settings), (settings) => {
  const { TEMPLATES_DIR: folder, DEFAULT_TEMPLATE: defaultTemplate } = settings
  const templates = templatesIn(folder, (file, reason) => complain({ file, msg: `template left out: ${reason}` }))
  // Now rather than at the first request; a folder that cannot be read ends the start.
  if (!templates().usable.has(defaultTemplate)) complain({ msg: `the default template ${defaultTemplate} is not among the templates in ${folder}` })
  const { CONNECTORS_DIR: connectorsFolder, RESULT_TOKEN_KEY: resultTokenKey } = settings
  if (connectorsFolder !== undefined && resultTokenKey === undefined) throw new Error('wrong settings: CONNECTORS_DIR needs RESULT_TOKEN_KEY')
  const connectors = connectorsIn(connectorsFolder, (file, reason) => complain({ file, msg: `connector left out: ${reason}` }))
  connectors()
  return {
    title: 'deploy',
    description: 'Takes jobs, starts them on Kubernetes, cancels them, and removes them when they expire',
    app: deploy({
      store: openStore(settings),
      cluster: connectCluster(settings),
      templates,
      tokenKey: settings.JOB_TOKEN_KEY,
      settings: { namespace: settings.JOBS_NAMESPACE, image: settings.IMAGE, uploadUrl: settings.UPLOAD_URL },
      defaultTemplate,
      connectors,
      connectorSecrets: settings.CONNECTOR_SECRETS_DIR,
      // Where there are no connectors nobody asks for it.
      resultTokenKey: resultTokenKey ?? '',
      publicUrl: settings.PUBLIC_URL,
      demoWait: settings.DEMO_WAIT_SECONDS
    })
  }
})

/** Before there is a server with a log of its own, and about files, which no request is to blame for. */
function complain (line: { msg: string, file?: string }): void {
  console.error(JSON.stringify({ level: 'error', function: 'deploy', time: new Date().toISOString(), ...line }))
}
