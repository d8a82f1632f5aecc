import t from 'tap'
import { challengeOf, randomText } from '../../page/sign-in/pkce.ts'

// The example of RFC 7636, appendix B.
t.equal(challengeOf('dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk'), 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM')
t.match(randomText(), /^[\w-]{43}$/, 'a verifier has 43 to 128 of these characters')
t.not(randomText(), randomText())
