/** S3 writes a sha256 in Base64; everybody else here writes lower-case hex. */
export function toChecksum (sha256: string): string {
  return Buffer.from(sha256, 'hex').toString('base64')
}

export function fromChecksum (checksum: string): string {
  return Buffer.from(checksum, 'base64').toString('hex')
}
