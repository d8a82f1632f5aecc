import { route } from './current-route.ts'
import { JobList } from './jobs/job-list.tsx'
import { JobPage } from './job/job-page.tsx'
import { hashOf } from './route.ts'
import { Heading } from './show/heading.tsx'
import { Lazy } from './show/lazy.tsx'
import { credential, needsSignIn, signOut } from './sign-in/credential.ts'
import { SignIn } from './sign-in/sign-in.tsx'

const jobs = hashOf({ view: 'jobs', state: '', template: '' })

/** The frame of all views. */
export function App () {
  const { view } = route.value
  return (
    <>
      <a class='skip' href='#main' onClick={skip}>Skip to the content</a>
      <header>
        <nav class='bar' aria-label='Main'>
          <strong>gx4ki</strong>
          <a href={jobs} aria-current={view === 'jobs' ? 'page' : undefined}>Jobs</a>
          <a href={hashOf({ view: 'new' })} aria-current={view === 'new' ? 'page' : undefined}>New job</a>
          <a href='./openapi.json'>API</a>
          {credential.value !== undefined && <button type='button' onClick={signOut}>Sign out</button>}
        </nav>
      </header>
      <main id='main' tabIndex={-1}>
        {needsSignIn.value && <SignIn />}
        <div hidden={needsSignIn.value}><View /></div>
      </main>
    </>
  )
}

function View () {
  const { value: to } = route
  switch (to.view) {
    case 'jobs': return <JobList state={to.state} template={to.template} />
    case 'new': return (
      <Lazy
        key={`${to.template} ${to.from}`}
        what='the form'
        load={async () => (await import('./new-job/new-job.tsx')).NewJob}
        options={{ template: to.template, from: to.from }}
      />
    )
    case 'job': return <JobPage key={to.id} id={to.id} />
    case 'unknown': return <><Heading>No such page</Heading><p><a href={jobs}>All jobs</a></p></>
  }
}

/** Without a change of the address, which names the view. */
function skip (event: Event): void {
  event.preventDefault()
  document.getElementById('main')?.focus()
}
