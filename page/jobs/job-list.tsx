import { useEffect, useState } from 'preact/hooks'
import { askJson } from '../api/ask.ts'
import type { JobPage, ListedJob, Template } from '../api/shapes.ts'
import { visible } from '../live/visible.ts'
import { hashOf, queryOf } from '../route.ts'
import { Failure } from '../show/failure.tsx'
import { Heading } from '../show/heading.tsx'
import { Loading } from '../show/loading.tsx'
import { useAction } from '../show/use-action.ts'
import { useLoaded } from '../show/use-loaded.ts'
import { useTitle } from '../show/use-title.ts'
import { Filters } from './filters.tsx'
import { JobRow } from './job-row.tsx'
import { joinPages } from './join-pages.ts'

const PAGE = 100
const NO_PAGE: JobPage = { jobs: [], next_cursor: null }
const REFRESH_MS = 10_000

/** The jobs of the visitor, newest first. The first page stays current by itself. */
export function JobList ({ state, template }: { state: string, template: string }) {
  useTitle('Jobs')
  const [tick, setTick] = useState(0)
  const isVisible = visible.value
  useEffect(() => {
    if (!isVisible) return
    const timer = setInterval(() => setTick((count) => count + 1), REFRESH_MS)
    return () => clearInterval(timer)
  }, [isVisible])

  const filters = queryOf({ state, template })
  const first = useLoaded(
    async (signal) => ({ ...await readPage({ state, template }, signal), filters }),
    [filters, tick, isVisible]
  )
  const templates = useLoaded(
    async (signal) => (await askJson<{ templates: Template[] }>('/template', { signal })).templates.map(({ name }) => name),
    []
  )
  const isCurrent = first.value?.filters === filters
  const { jobs, cursor, load } = useOlder({ state, template }, isCurrent ? first.value : undefined, filters)

  return (
    <>
      <div class='bar'>
        <Heading>Jobs</Heading>
        <a class='button' href={hashOf({ view: 'new' })}>New job</a>
      </div>
      <Filters state={state} template={template} templates={templates.value ?? []} />
      {first.error && <Failure error={first.error} again={first.again} />}
      {!isCurrent && first.error === undefined && <Loading what='jobs' />}
      {isCurrent && jobs.length === 0 && <NoJobs isFiltered={filters !== ''} />}
      {jobs.length > 0 && <JobTable jobs={jobs} />}
      {load.error && <Failure error={load.error} />}
      {cursor !== null && isCurrent && <button type='button' onClick={load.run}>Load older jobs</button>}
    </>
  )
}

async function readPage (filters: Record<string, string>, signal?: AbortSignal, cursor?: string): Promise<JobPage> {
  return await askJson<JobPage>(`/job${queryOf({ ...filters, limit: PAGE, cursor })}`, { signal })
}

/** The first page, and those after it that the visitor has asked for. */
function useOlder (filters: Record<string, string>, first: JobPage = NO_PAGE, key: string) {
  const [loaded, setLoaded] = useState(NO_PAGE)
  useEffect(() => setLoaded(NO_PAGE), [key])
  const joined = joinPages(first.jobs, loaded.jobs)
  const jobs = joined ?? first.jobs
  const cursor = joined === undefined || loaded === NO_PAGE ? first.next_cursor : loaded.next_cursor

  const load = useAction(async () => {
    const page = await readPage(filters, undefined, cursor!)
    setLoaded({ jobs: [...jobs, ...page.jobs], next_cursor: page.next_cursor })
  })
  return { jobs, cursor, load }
}

function JobTable ({ jobs }: { jobs: ListedJob[] }) {
  return (
    <table class='jobs'>
      <caption class='unseen'>Jobs, newest first</caption>
      <thead>
        <tr>
          <th scope='col'>State</th>
          <th scope='col'>Job</th>
          <th scope='col'>Template</th>
          <th scope='col'>Requested</th>
          <th scope='col'>Took</th>
        </tr>
      </thead>
      <tbody>{jobs.map((job) => <JobRow key={job.job_uuid} job={job} />)}</tbody>
    </table>
  )
}

function NoJobs ({ isFiltered }: { isFiltered: boolean }) {
  if (isFiltered) {
    const all = hashOf({ view: 'jobs', state: '', template: '' })
    return <p>No job has this state and template. <a href={all}>Show all jobs</a></p>
  }
  return (
    <div class='box'>
      <p>There are no jobs yet. <a href={hashOf({ view: 'new' })}>Run the first one</a>, or on the command line:</p>
      <pre>gx4ki run drive --wait --download</pre>
    </div>
  )
}
