import { percentEncode } from './percent-encode.ts'

/**
 * `Content-Disposition` for a download (RFC 6266). It has the name without folders twice: as plain `filename` for old
 * clients, and as `filename*` (RFC 8187) for all others.
 */
export function contentDisposition (name: string): string {
  const file = name.slice(name.lastIndexOf('/') + 1)
  const plain = file.replace(/[^\x20-\x7e]|["\\%]/g, '_')
  return `attachment; filename="${plain}"; filename*=UTF-8''${percentEncode(file)}`
}
