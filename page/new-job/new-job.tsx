import { askJson } from '../api/ask.ts'
import type { Job, Template } from '../api/shapes.ts'
import { go } from '../current-route.ts'
import { Failure } from '../show/failure.tsx'
import { Heading } from '../show/heading.tsx'
import { Loading } from '../show/loading.tsx'
import { useLoaded } from '../show/use-loaded.ts'
import { useTitle } from '../show/use-title.ts'
import { JobForm } from './job-form.tsx'

interface NewJobOptions {
  template: string | undefined
  /** The job to run again. */
  from: string | undefined
}

/** Chooses a template, and shows its form. */
export function NewJob ({ template: name, from }: NewJobOptions) {
  useTitle('New job')
  const { value, error, again } = useLoaded(async (signal) => {
    const [{ templates }, earlier] = await Promise.all([
      askJson<{ templates: Template[] }>('/template', { signal }),
      from === undefined ? undefined : askJson<Job>(`/job/${from}`, { signal })
    ])
    return { templates, earlier }
  }, [from])
  const chosen = value?.templates.find((one) => one.name === (name ?? value.templates[0]?.name))

  return (
    <>
      <Heading>New job</Heading>
      {error && <Failure error={error} again={again} />}
      {value === undefined && error === undefined && <Loading what='templates' />}
      {value !== undefined && (
        <div class='field'>
          <label for='template'>Template</label>
          <select
            id='template'
            value={chosen?.name ?? ''}
            onChange={({ currentTarget }) => go({ view: 'new', template: currentTarget.value })}
          >
            {chosen === undefined && <option value=''>choose one</option>}
            {value.templates.map((one) => <option key={one.name}>{one.name}</option>)}
          </select>
          <p class='quiet'>{chosen?.description}</p>
        </div>
      )}
      {value !== undefined && chosen === undefined &&
        <p class='box bad'>{name === undefined ? 'This installation has no templates.' : `There is no template ${name} any more.`}</p>}
      {chosen && <JobForm key={chosen.name} template={chosen} earlier={value?.earlier} />}
    </>
  )
}
