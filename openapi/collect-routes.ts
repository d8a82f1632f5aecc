import fastify, { type FastifyPluginAsync, type FastifySchema, type RouteOptions } from 'fastify'

interface AnyRoute {
  method: string
  url: string
  schema: FastifySchema
  config: NonNullable<RouteOptions['config']>
}

export interface Route extends AnyRoute {
  schema: FastifySchema & { operationId: string }
}

/** The routes of a plugin that are in a document: those with an `operationId`. */
export async function collectRoutes (plugin: FastifyPluginAsync): Promise<Route[]> {
  return (await allRoutes(plugin)).filter((route): route is Route => route.schema.operationId !== undefined)
}

/** All routes of a plugin. The plugin gets no requests. */
export async function allRoutes (plugin: FastifyPluginAsync): Promise<AnyRoute[]> {
  const server = fastify({ exposeHeadRoutes: false })
  server.setValidatorCompiler(() => () => true)
  server.setSerializerCompiler(() => () => '')
  const routes: AnyRoute[] = []
  server.addHook('onRoute', ({ method, url, schema = {}, config = {} }: RouteOptions) => {
    for (const one of [method].flat()) routes.push({ method: one, url, schema, config: config as AnyRoute['config'] })
  })
  await server.register(plugin)
  await server.ready()
  await server.close()
  return routes
}
