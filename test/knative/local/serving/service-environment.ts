import t from 'tap'
import type { KnativeService } from '../../../../knative/local/manifests.ts'
import { serviceEnvironment } from '../../../../knative/local/serving/service-environment.ts'

const service = (container: Partial<KnativeService['spec']['template']['spec']['containers'][0]>): KnativeService => ({
  metadata: { name: 'echo', namespace: 'here' },
  spec: {
    template: {
      spec: {
        timeoutSeconds: 1,
        containers: [{
          command: ['node'],
          envFrom: [],
          env: [],
          readinessProbe: { httpGet: { path: '/' } },
          ...container
        }]
      }
    }
  }
})

const configMaps = { settings: { A: 'from the map', B: 'from the map' } }
const secrets = { store: { key: 'hidden' } }

await t.test('the environment has the variables of the manifest and of Knative', async (t) => {
  const environment = serviceEnvironment(
    service({
      envFrom: [{ configMapRef: { name: 'settings' } }],
      env: [
        { name: 'B', value: 'from the container' },
        { name: 'HOST', value: '0.0.0.0' },
        { name: 'SECRET', valueFrom: { secretKeyRef: { name: 'store', key: 'key' } } },
        { name: 'EMPTY' }
      ]
    }),
    { configMaps, secrets, port: 1234 }
  )
  t.strictSame(environment, {
    A: 'from the map',
    B: 'from the container',
    SECRET: 'hidden',
    EMPTY: '',
    PORT: '1234',
    HOST: '127.0.0.1',
    K_SERVICE: 'echo',
    K_CONFIGURATION: 'echo',
    K_REVISION: 'echo-00001'
  })
})

await t.test('a missing reference is reported by name', async (t) => {
  const missing = (container: Parameters<typeof service>[0]) => () =>
    serviceEnvironment(service(container), { configMaps, secrets, port: 1 })
  t.throws(missing({ envFrom: [{ configMapRef: { name: 'other' } }] }), {
    message: 'service echo: its environment needs ConfigMap other, which is missing'
  })
  t.throws(missing({ env: [{ name: 'X', valueFrom: { secretKeyRef: { name: 'other', key: 'key' } } }] }), {
    message: 'service echo: its environment needs Secret other, which is missing'
  })
  t.throws(missing({ env: [{ name: 'X', valueFrom: { secretKeyRef: { name: 'store', key: 'other' } } }] }), {
    message: 'service echo: its environment needs key other, which is missing'
  })
})
