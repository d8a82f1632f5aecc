import { render } from 'preact'
import { App } from './app.tsx'
import { route } from './current-route.ts'
import { removeOldParts } from './files/part-store.ts'
import { routeOf } from './route.ts'
import { askToSignIn } from './sign-in/credential.ts'
import { finishSignIn } from './sign-in/oidc.ts'

const why = await finishSignIn()
if (why !== undefined) askToSignIn(why)
route.value = routeOf(location.hash)
render(<App />, document.body)
// Only a page from https, or from this machine, has a disk.
removeOldParts().catch(() => {})
