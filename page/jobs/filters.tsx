import { useEffect, useRef } from 'preact/hooks'
import { go } from '../current-route.ts'
import { STATES } from '../show/state-mark.tsx'

interface FilterOptions {
  state: string
  template: string
  templates: string[]
}

/** The filters are in the address, so that a filtered list has a link. The key / leads to them. */
export function Filters ({ state, template, templates }: FilterOptions) {
  const first = useRef<HTMLSelectElement>(null)
  useEffect(() => {
    function focus (event: KeyboardEvent): void {
      const isTyping = event.target instanceof HTMLElement && /^(input|textarea|select)$/i.test(event.target.tagName)
      if (event.key !== '/' || isTyping || event.ctrlKey || event.metaKey || event.altKey) return
      event.preventDefault()
      first.current?.focus()
    }
    addEventListener('keydown', focus)
    return () => removeEventListener('keydown', focus)
  }, [])
  const known = templates.includes(template) || template === '' ? templates : [...templates, template]
  return (
    <form class='bar' role='search' onSubmit={(event) => event.preventDefault()}>
      <label>
        State{' '}
        <select
          ref={first}
          value={state}
          onChange={({ currentTarget }) => go({ view: 'jobs', state: currentTarget.value, template })}
        >
          <option value=''>all</option>
          {STATES.map((one) => <option key={one}>{one}</option>)}
        </select>
      </label>
      <label>
        Template{' '}
        <select
          value={template}
          onChange={({ currentTarget }) => go({ view: 'jobs', state, template: currentTarget.value })}
        >
          <option value=''>all</option>
          {known.map((one) => <option key={one}>{one}</option>)}
        </select>
      </label>
    </form>
  )
}
