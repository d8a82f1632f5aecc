import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'

/** Makes a certificate that has signed itself. `names` are as openssl writes them: `DNS:example.org,IP:127.0.0.1`. */
export function certificateFor (t: Test, names: string): { key: string, cert: string } {
  const dir = mkdtempSync(join(tmpdir(), 'gx4ki-test-'))
  t.teardown(() => rmSync(dir, { recursive: true }))
  const [keyFile, certFile] = [join(dir, 'key.pem'), join(dir, 'cert.pem')]
  const files = ['-keyout', keyFile, '-out', certFile]
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', '/CN=test']
  execFileSync('openssl', ['req', '-x509', ...kind, '-addext', `subjectAltName=${names}`, ...files], { stdio: 'ignore' })
  return { key: readFileSync(keyFile, 'utf8'), cert: readFileSync(certFile, 'utf8') }
}
