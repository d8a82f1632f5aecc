/** What the page shows, as the part of its address after the #. So every view has a link, and Back works. */
export type Route =
  | { view: 'jobs', state: string, template: string }
  | { view: 'new', template?: string, from?: string }
  | { view: 'job', id: string }
  | { view: 'unknown' }

export function routeOf (hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split('?')
  const [view = '', name, ...more] = path.split('/')
  const parameters = new URLSearchParams(query)
  if (more.length > 0) return { view: 'unknown' }
  if ((view === '' || view === 'jobs') && name === undefined) {
    return { view: 'jobs', state: parameters.get('state') ?? '', template: parameters.get('template') ?? '' }
  }
  if (view === 'new') {
    const template = decoded(name)
    const from = parameters.get('from')
    return { view: 'new', ...(template && { template }), ...(from && { from }) }
  }
  if (view === 'job' && name) return { view: 'job', id: name }
  return { view: 'unknown' }
}

export function hashOf (route: Exclude<Route, { view: 'unknown' }>): string {
  if (route.view === 'job') return `#/job/${route.id}`
  if (route.view === 'new') {
    const template = route.template === undefined ? '' : `/${encodeURIComponent(route.template)}`
    return `#/new${template}${queryOf({ from: route.from })}`
  }
  return `#/jobs${queryOf({ state: route.state, template: route.template })}`
}

/** A query with the parameters that have a value; empty when none has. */
export function queryOf (parameters: Record<string, string | number | undefined>): string {
  const given = Object.entries(parameters).flatMap(([name, value]) =>
    value === undefined || value === '' ? [] : [[name, String(value)] as [string, string]])
  return given.length === 0 ? '' : `?${new URLSearchParams(given)}`
}

function decoded (text = ''): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
