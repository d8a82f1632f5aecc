import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import tls from 'node:tls'
import type { Test } from 'tap'

/** A key and a certificate for a host name, which this process trusts until the test ends. */
export function trustedCertificate (t: Test, name: string): { key: string, cert: string } {
  const dir = t.testdir({})
  const [keyFile, certFile] = [join(dir, 'key.pem'), join(dir, 'cert.pem')]
  execFileSync('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'],
    ...['-subj', `/CN=${name}`, '-addext', `subjectAltName=DNS:${name}`, '-keyout', keyFile, '-out', certFile]
  ], { stdio: 'ignore' })
  const cert = readFileSync(certFile, 'utf8')
  const before = tls.getCACertificates('default')
  tls.setDefaultCACertificates([...before, cert])
  t.teardown(() => tls.setDefaultCACertificates(before))
  return { key: readFileSync(keyFile, 'utf8'), cert }
}
