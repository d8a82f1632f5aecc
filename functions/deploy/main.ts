import { Type } from 'typebox'
import { tokenSettings } from '../../shared/job-token.ts'
import { connectCluster, kubernetesSettings } from '../../shared/kubernetes.ts'
import { openStore, storeSettings } from '../../shared/object-store.ts'
import { runFunction, serverSettings } from '../../shared/server.ts'
import { readSettings } from '../../shared/settings.ts'
import { deploy } from './app.ts'
import { readTemplates } from './read-templates.ts'

const Settings = Type.Object({
  ...serverSettings,
  ...storeSettings,
  ...kubernetesSettings,
  ...tokenSettings,
  TEMPLATES_DIR: Type.String({ default: 'knative/templates' }),
  DEFAULT_TEMPLATE: Type.String({ default: 'drive' }),
  DEMO_WAIT_SECONDS: Type.Integer({ default: 50, minimum: 0, maximum: 240 }),
  UPLOAD_URL: Type.String({ pattern: '^https?://' }),
  IMAGE: Type.String({ minLength: 1 })
})

runFunction(() => readSettings(Settings), (settings) => ({
  title: 'deploy',
  description: 'Takes jobs, starts them on Kubernetes and cancels them',
  app: deploy({
    store: openStore(settings),
    cluster: connectCluster(settings),
    templates: readTemplates(settings.TEMPLATES_DIR, (file, error) => {
      console.error(JSON.stringify({ level: 'error', function: 'deploy', time: new Date().toISOString(), file, msg: `template left out: ${error.message}` }))
    }),
    tokenKey: settings.JOB_TOKEN_KEY,
    settings: { namespace: settings.JOBS_NAMESPACE, image: settings.IMAGE, uploadUrl: settings.UPLOAD_URL },
    defaultTemplate: settings.DEFAULT_TEMPLATE,
    demoWait: settings.DEMO_WAIT_SECONDS
  })
}))
