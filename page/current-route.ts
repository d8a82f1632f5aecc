import { signal } from '@preact/signals'
import { hashOf, type Route, routeOf } from './route.ts'

export const route = signal(routeOf(location.hash))

addEventListener('hashchange', () => {
  route.value = routeOf(location.hash)
})

export function go (to: Exclude<Route, { view: 'unknown' }>): void {
  location.hash = hashOf(to)
}
