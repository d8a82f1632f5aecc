/**
 * Runs the command in its arguments with one local MinIO: the last community version, built from its Go module as for
 * the end-to-end suite. The first build takes some minutes.
 */
import { built, has } from '../e2e/parts.ts'

if (!has('go')) {
  console.error('go is missing. Install Go 1.26 or newer: it builds MinIO from its module.')
  process.exit(1)
}
process.env['PATH'] = `${await built('minio')}:${process.env['PATH']}`
process.env['LOCAL_STORE'] = 'minio'
// The command must not use a store that the environment names.
delete process.env['S3_ENDPOINT']
await import('./with-store.ts')
