import type { Fate, FaultProxy } from './fault-proxy.ts'

export type Rule = FaultProxy['fate']

/** The tags of a record are in the request that writes it. */
export const writesTag = (name: string, value: string, fate: Fate = 'hold'): Rule => ({ method, path, headers }) =>
  method === 'PUT' && path.includes('/state/') && String(headers['x-amz-tagging']).includes(`${name}=${value}`)
    ? fate
    : 'pass'

export const writesState = (state: string, fate?: Fate): Rule => writesTag('state', state, fate)

/** A request by its method and a part of its path. */
export const sends = (method: string, part: string, fate: Fate = 'hold'): Rule => (request) =>
  request.method === method && request.path.includes(part) ? fate : 'pass'
