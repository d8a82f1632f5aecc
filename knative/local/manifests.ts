import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { readYamlDocuments } from '../../shared/settings/read-yaml.ts'
import { Type, type Static, type TSchema } from 'typebox'
import { Value } from 'typebox/value'

// The schemas have only the fields that the local host uses.

const metadata = Type.Object({ name: Type.String(), namespace: Type.String() })

const Container = Type.Object({
  command: Type.Array(Type.String(), { minItems: 1 }),
  envFrom: Type.Array(Type.Object({ configMapRef: Type.Object({ name: Type.String() }) })),
  env: Type.Array(Type.Object({
    name: Type.String(),
    value: Type.Optional(Type.String()),
    valueFrom: Type.Optional(Type.Object({ secretKeyRef: Type.Object({ name: Type.String(), key: Type.String() }) }))
  })),
  readinessProbe: Type.Object({ httpGet: Type.Object({ path: Type.String() }) })
})

const Destination = Type.Object({
  ref: Type.Object({ kind: Type.String(), name: Type.String() }),
  uri: Type.Optional(Type.String())
})

const Delivery = Type.Object({
  retry: Type.Integer({ minimum: 0 }),
  backoffPolicy: Type.Union([Type.Literal('linear'), Type.Literal('exponential')]),
  backoffDelay: Type.String(),
  timeout: Type.String(),
  deadLetterSink: Destination
})

const RouteMatch = Type.Object({
  path: Type.Object({
    type: Type.Union([Type.Literal('Exact'), Type.Literal('PathPrefix'), Type.Literal('RegularExpression')]),
    value: Type.String({ pattern: '^/' })
  }),
  method: Type.Optional(Type.String())
})

const kinds = {
  'v1/ConfigMap': Type.Object({ metadata, data: Type.Record(Type.String(), Type.String()) }),
  'serving.knative.dev/v1/Service': Type.Object({
    metadata,
    spec: Type.Object({
      template: Type.Object({
        spec: Type.Object({
          timeoutSeconds: Type.Integer({ minimum: 1 }),
          containers: Type.Array(Container, { minItems: 1, maxItems: 1 })
        })
      })
    })
  }),
  'eventing.knative.dev/v1/Trigger': Type.Object({
    metadata,
    spec: Type.Object({
      filter: Type.Object({ attributes: Type.Record(Type.String(), Type.String()) }),
      subscriber: Destination,
      // Required, because the default depends on the configuration of the platform.
      delivery: Delivery
    })
  }),
  'sources.knative.dev/v1/ApiServerSource': Type.Object({
    metadata,
    spec: Type.Object({
      mode: Type.Literal('Resource'),
      resources: Type.Array(
        Type.Object({
          apiVersion: Type.Literal('batch/v1'),
          kind: Type.Literal('Job'),
          selector: Type.Object({ matchLabels: Type.Record(Type.String(), Type.String()) })
        }),
        { minItems: 1, maxItems: 1 }
      ),
      sink: Destination
    })
  }),
  'sources.knative.dev/v1/PingSource': Type.Object({
    metadata,
    spec: Type.Object({
      schedule: Type.String(),
      contentType: Type.Literal('application/json'),
      data: Type.String(),
      sink: Destination
    })
  }),
  'gateway.networking.k8s.io/v1/HTTPRoute': Type.Object({
    metadata,
    spec: Type.Object({
      rules: Type.Array(Type.Object({
        matches: Type.Array(RouteMatch, { minItems: 1 }),
        filters: Type.Optional(Type.Array(
          Type.Object({
            type: Type.Literal('URLRewrite'),
            urlRewrite: Type.Object({
              path: Type.Optional(
                Type.Object({ type: Type.Literal('ReplaceFullPath'), replaceFullPath: Type.String() })
              )
            })
          }),
          { maxItems: 1 }
        )),
        backendRefs: Type.Array(Type.Object({ name: Type.String() }), { minItems: 1, maxItems: 1 })
      }))
    })
  })
}

type Kinds = typeof kinds
export type KnativeService = Static<Kinds['serving.knative.dev/v1/Service']>
export type Trigger = Static<Kinds['eventing.knative.dev/v1/Trigger']>
export type ApiServerSource = Static<Kinds['sources.knative.dev/v1/ApiServerSource']>
export type PingSource = Static<Kinds['sources.knative.dev/v1/PingSource']>
export type HttpRoute = Static<Kinds['gateway.networking.k8s.io/v1/HTTPRoute']>
export type Delivery = Static<typeof Delivery>
export type Destination = Static<typeof Destination>

/** The objects in the YAML files of a folder, by `<apiVersion>/<kind>`, only of kinds that the local host simulates. */
export type Manifests = { [K in keyof Kinds]: Array<Static<Kinds[K]>> }

/**
 * Reads the manifests of a folder. Throws an error with file, object and field when an object of a known kind lacks a
 * field that the local host needs, or has a value that it does not support.
 */
export function readManifests (folder: string): Manifests {
  const found: Record<string, unknown[]> = Object.fromEntries(Object.keys(kinds).map((kind) => [kind, []]))
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.yaml')).sort()) {
    for (
      const object of readYamlDocuments(readFileSync(join(folder, file), 'utf8')) as Array<
        { apiVersion?: string, kind?: string } | null
      >
    ) {
      const kind = `${object?.apiVersion}/${object?.kind}`
      found[kind]?.push(checked(kinds[kind as keyof Kinds], object, file))
    }
  }
  return found as Manifests
}

function checked (schema: TSchema, object: unknown, file: string): unknown {
  const [error] = Value.Errors(schema, object)
  if (error !== undefined) {
    const { kind, metadata } = object as { kind: string, metadata?: { name?: string } }
    throw new Error(
      `${file}: ${kind} ${metadata?.name ?? '(without a name)'}: ${error.instancePath || 'it'} ${error.message}`
    )
  }
  return object
}
