/** The name of a file as scripts have it: percent-encoded UTF-8, with `/` as it is. */
export function encodeName (name: string): string {
  return name.split('/').map(encodeURIComponent).join('/')
}

/** The bytes of a percent-encoded name. */
export function nameBytes (encoded: string): Buffer {
  const text = encoded.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)))
  return Buffer.from(text, 'latin1')
}
