import t from 'tap'
import { egressRules, isPublic, refusedUrl } from '../../../shared/egress/egress-rules.ts'

const rules = egressRules({
  EGRESS_ALLOWED_ORIGINS: 'http://connector.edc.svc:8282, https://10.1.2.3',
  EGRESS_DENIED_RANGES: '198.35.26.0/24 2620:0:861::/48'
})

/** URLs that an attacker might try, and that can be refused without a name server. */
const hostile = [
  // Not https.
  'http://example.org/',
  'ftp://example.org/',
  'file:///etc/passwd',
  'gopher://example.org/',
  'ws://example.org',
  'wss://example.org',
  'data:text/plain,x',
  'javascript:0',
  'blob:https://example.org/x',
  'unix:/var/run/docker.sock',
  // Not a URL, or an incomplete one.
  '',
  ' ',
  'example.org',
  '//example.org/',
  '/job',
  'https://',
  'https:///',
  'https://[',
  'https://example.org:65536/',
  'https://exa mple.org/',
  'https://[::1',
  'https://a]b/',
  'https://1.2.3.4.5/',
  'https://256.1.1.1/',
  'https://[fe80::1%25eth0]/',
  'https://[::ffff:127.0.0.1.]/',
  // With a user name or a password.
  'https://user@example.org/',
  'https://user:secret@example.org/',
  'https://:secret@example.org/',
  'https://example.org@127.0.0.1/',
  'https://127.0.0.1#@example.org/',
  'https://127.0.0.1?@example.org/',
  'https://127.0.0.1\\@example.org/',
  'https:127.0.0.1',
  'https:\\\\127.0.0.1',
  // This machine, in all spellings of its addresses and names.
  'https://127.0.0.1/',
  'https://127.0.0.1:8443/',
  'https://127.1/',
  'https://127.0.1/',
  'https://2130706433/',
  'https://0x7f000001/',
  'https://0x7f.1/',
  'https://0177.0.0.1/',
  'https://017700000001/',
  'https://127.0.0.1./',
  'https://127.0.0.1../',
  'https://minio../',
  'https://.example.org/',
  'https://example..org/',
  'https://%31%32%37.0.0.1/',
  'https://１２７.0.0.1/',
  'https://127。0。0。1/',
  'https://①②⑦.0.0.1/',
  'https://0.0.0.0/',
  'https://0/',
  'https://127.255.255.254/',
  'https://[::]/',
  'https://[::1]/',
  'https://[0:0:0:0:0:0:0:1]/',
  'https://[::127.0.0.1]/',
  'https://[::ffff:127.0.0.1]/',
  'https://[::ffff:7f00:1]/',
  'https://[::ffff:0:127.0.0.1]/',
  'https://localhost/',
  'https://LOCALHOST./',
  'https://a.localhost/',
  'ht\ntps://127.0.0.1/',
  'https://127.0.\t0.1/',
  // Private networks and IANA's other special-purpose addresses.
  'https://10.0.0.1/',
  'https://172.16.0.1/',
  'https://172.31.255.255/',
  'https://192.168.1.1/',
  'https://100.64.0.1/',
  'https://169.254.1.1/',
  'https://192.0.0.8/',
  'https://192.0.2.1/',
  'https://192.88.99.1/',
  'https://198.18.0.1/',
  'https://198.51.100.1/',
  'https://203.0.113.1/',
  'https://224.0.0.1/',
  'https://239.255.255.250/',
  'https://240.0.0.1/',
  'https://255.255.255.255/',
  'https://[fc00::1]/',
  'https://[fd12:3456::1]/',
  'https://[fe80::1]/',
  'https://[fec0::1]/',
  'https://[ff02::1]/',
  'https://[100::1]/',
  'https://[2001:db8::1]/',
  'https://[3fff::1]/',
  'https://[5f00::1]/',
  'https://[4000::1]/',
  // An IPv4 address inside an IPv6 address.
  'https://[64:ff9b::7f00:1]/',
  'https://[64:ff9b::169.254.169.254]/',
  'https://[64:ff9b:1::a00:1]/',
  'https://[2002:7f00:1::]/',
  'https://[2002:a9fe:a9fe::1]/',
  'https://[2001:0:4136:e378:8000:63bf:3fff:fdd2]/',
  'https://[::ffff:8.8.8.8]/',
  // Metadata services of clouds.
  'https://169.254.169.254/latest/meta-data/',
  'https://2852039166/',
  'https://0xa9fea9fe/',
  'https://[fd00:ec2::254]/',
  'https://100.100.100.200/',
  'https://168.63.129.16/',
  'https://192.0.0.192/',
  'https://metadata.google.internal/',
  'https://metadata/',
  'https://instance-data/',
  // Names inside the cluster and in home networks.
  'https://kubernetes/',
  'https://kubernetes.default.svc/',
  'https://kubernetes.default.svc./',
  'https://kubernetes.default.svc.cluster.local/',
  'https://deploy.gx4ki.svc.cluster.local./',
  'https://minio:9000/',
  'https://printer.local/',
  'https://router.lan/',
  'https://nas.home.arpa/',
  // Similar to an allowed origin.
  'https://connector.edc.svc:8282/',
  'http://connector.edc.svc:8283/',
  'http://connector.edc.svc/',
  'http://10.1.2.3/',
  'https://10.1.2.3:8443/',
  'http://connector.edc.svc.:8282/',
  'http://x@connector.edc.svc:8282/',
  'http://connector.edc.svc:8282@127.0.0.1/',
  // In a range that the operator denies.
  'https://198.35.26.96/',
  'https://[2620:0:861:1::1]/'
]

await t.test('refuses internal and invalid URLs without a DNS look-up', async (t) => {
  t.ok(hostile.length > 60)
  for (const url of hostile) t.match(refusedUrl(url, rules), /^must /, JSON.stringify(url))
})

await t.test('accepts public URLs and URLs of allowed origins', async (t) => {
  for (
    const url of [
      'https://example.org',
      'https://example.org:8443/a?b=c#d',
      'https://example.org\\@127.0.0.1/',
      'HTTPS://EXAMPLE.ORG',
      'https://example.org./',
      'https://münchen.example.org/',
      'https://xn--mnchen-3ya.example.org/',
      'https://93.184.216.34/',
      'https://[2606:2800:220:1:248:1893:25c8:1946]/',
      'https://127.0.0.1.example.org/',
      'https://local.example.org/',
      'http://connector.edc.svc:8282/callback',
      'HTTP://Connector.EDC.svc:8282',
      'https://10.1.2.3/',
      'https://10.1.2.3:443/a'
    ]
  ) t.equal(refusedUrl(url, rules), undefined, url)
})

await t.test('the message of a refusal says what the URL must be', async (t) => {
  t.equal(refusedUrl('http://example.org', rules), 'must begin with https://')
  t.equal(refusedUrl('https://u:p@example.org', rules), 'must not have a user name or password')
  t.equal(refusedUrl('https://10.0.0.1', rules), 'must have a public address')
  t.equal(refusedUrl('https://minio', rules), 'must have a public host name')
})

await t.test('a denied range applies only to addresses of its own IP version', async (t) => {
  for (const address of ['198.35.26.0', '198.35.26.255', '2620:0:861::', '2620:0:861:ffff:ffff:ffff:ffff:ffff']) {
    t.notOk(isPublic(address, rules.denied), address)
  }
  for (const address of ['198.35.25.255', '198.35.27.0', '2620:0:862::', '2620:0:860:ffff::']) {
    t.ok(isPublic(address, rules.denied), address)
  }
})

await t.test('the error names the invalid setting', async (t) => {
  const settings = { EGRESS_ALLOWED_ORIGINS: '', EGRESS_DENIED_RANGES: '' }
  for (
    const origin of [
      'example.org',
      'https://example.org/path',
      'https://u@example.org',
      'ftp://example.org',
      'https://example.org?a',
      '*'
    ]
  ) {
    t.throws(() => egressRules({ ...settings, EGRESS_ALLOWED_ORIGINS: `https://good.example.org,${origin}` }), {
      message: `wrong settings: environment.EGRESS_ALLOWED_ORIGINS has an invalid entry: ${origin}`
    })
  }
  for (const range of ['10.0.0.0', '10.0.0.0/33', '::/129', 'cluster', '10.0.0/8x']) {
    t.throws(() => egressRules({ ...settings, EGRESS_DENIED_RANGES: range }), {
      message: `wrong settings: environment.EGRESS_DENIED_RANGES has an invalid entry: ${range}`
    })
  }
})
