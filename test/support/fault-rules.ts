import type { Fate, FaultProxy } from './fault-proxy.ts'

export type Rule = FaultProxy['fate']

/** Matches the request that writes a record with this tag. One request writes a record and its tags. */
export const writesTag = (name: string, value: string, fate: Fate = 'hold'): Rule => ({ method, path, headers }) =>
  method === 'PUT' && path.includes('/state/') && String(headers['x-amz-tagging']).includes(`${name}=${value}`)
    ? fate
    : 'pass'

export const writesState = (state: string, fate?: Fate): Rule => writesTag('state', state, fate)

/** Matches a request by its method and a part of its path. */
export const sends = (method: string, part: string, fate: Fate = 'hold'): Rule => (request) =>
  request.method === method && request.path.includes(part) ? fate : 'pass'
