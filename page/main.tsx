import { render } from 'preact'
import { App } from './app.tsx'
import { route } from './current-route.ts'
import { routeOf } from './route.ts'
import { needsSignIn } from './sign-in/credential.ts'
import { finishSignIn } from './sign-in/oidc.ts'

const why = await finishSignIn()
if (why !== undefined) needsSignIn.value = true
route.value = routeOf(location.hash)
render(<App why={why} />, document.body)
