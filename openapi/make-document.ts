import { readFileSync } from 'node:fs'
import type { FastifyPluginAsync } from 'fastify'
import { collectRoutes, type Route } from './collect-routes.ts'
import { nameShapes } from './name-shapes.ts'
import { type Operation, operationOf } from './operation-of.ts'

/** What a document is made from, beside the routes. */
export interface DocumentPlan {
  title: string
  description: string
  plugins: FastifyPluginAsync[]
  /** Which routes of the plugins are in the document; without it, all. */
  takes?: (route: Route) => boolean
  tags: Record<string, string>
  securitySchemes: Record<string, object>
}

type Paths = Record<string, Record<string, Operation>>

export interface OpenApiDocument {
  openapi: string
  paths: Paths
  components: { schemas: Record<string, unknown>, securitySchemes: Record<string, object> }
  [fact: string]: unknown
}

const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }

/** An OpenAPI 3.1 document of routes. The schemas of the routes, which the functions validate with, are its source. */
export async function makeDocument (plan: DocumentPlan): Promise<OpenApiDocument> {
  const { title, description, plugins, takes = () => true, tags, securitySchemes } = plan
  const paths: Paths = {}
  const ids = new Set<string>()
  for (const plugin of plugins) {
    for (const route of (await collectRoutes(plugin)).filter(takes)) {
      const operation = operationOf(route)
      if (ids.has(operation.operationId)) throw new Error(`two operations have the id ${operation.operationId}`)
      ids.add(operation.operationId)
      const path = route.url.replace(/:(\w+)/g, '{$1}')
      paths[path] = { ...paths[path], [route.method.toLowerCase()]: operation }
    }
  }
  const { document, schemas } = nameShapes({
    openapi: '3.1.0',
    info: {
      title,
      version,
      description,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' }
    },
    servers: [{ url: '/' }],
    tags: Object.entries(tags).map(([name, description]) => ({ name, description })),
    paths,
    components: { securitySchemes }
  })
  return { ...document, components: { ...document.components, schemas } }
}
