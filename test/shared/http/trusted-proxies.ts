import t from 'tap'
import { trustedProxies } from '../../../shared/http/trusted-proxies.ts'

await t.test('proxies are addresses and ranges', async (t) => {
  t.strictSame(trustedProxies(''), [])
  t.strictSame(trustedProxies('127.0.0.1, ::1\n10.244.0.0/16,2001:db8::/32'), [
    '127.0.0.1',
    '::1',
    '10.244.0.0/16',
    '2001:db8::/32'
  ])
})

await t.test('anything else is named at the start', async (t) => {
  for (const wrong of ['proxy', 'loopback', 'uniquelocal', '10.0.0.0/33', '::/129', '10.0.0.0/', '10.0.0.0/8/8', '10.1']) {
    t.throws(() => trustedProxies(`127.0.0.1,${wrong}`), { message: new RegExp(`TRUSTED_PROXIES contains ${wrong},`) })
  }
})
