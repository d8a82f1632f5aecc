import { go, route } from './current-route.ts'
import { JobList } from './jobs/job-list.tsx'
import { JobPage } from './job/job-page.tsx'
import { hashOf } from './route.ts'
import { Heading } from './show/heading.tsx'
import { Lazy } from './show/lazy.tsx'
import { credential, isSignedOut, needsSignIn, signOut, visitor } from './sign-in/credential.ts'
import { SignIn } from './sign-in/sign-in.tsx'

const list = { view: 'jobs', state: '', template: '' } as const
const jobs = hashOf(list)

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
          {credential.value !== undefined && <button type='button' onClick={leave}>Sign out</button>}
        </nav>
      </header>
      <main id='main' tabIndex={-1}>
        {needsSignIn.value && <SignIn />}
        {!isSignedOut.value && <div hidden={needsSignIn.value}><View key={visitor.value} /></div>}
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

/** Drops the view with what was loaded and typed into it. */
function leave (): void {
  signOut()
  go(list)
  document.title = 'gx4ki jobs'
}

/** Without a change of the address, which names the view. */
function skip (event: Event): void {
  event.preventDefault()
  document.getElementById('main')?.focus()
}
