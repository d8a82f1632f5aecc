/** A file in a tar archive. */
export interface TarEntry {
  name: string
  /** Bytes. */
  size: number
  mtime: Date
}

const BLOCK = 512

/** The largest size that the 11 octal digits of a ustar header can express. */
const LARGEST_IN_USTAR = 0o77777777777

/** Two empty blocks end an archive. */
export const END_OF_TAR = Buffer.alloc(2 * BLOCK)

/** The bytes that fill the last block of a content. */
export function tarPadding (size: number): Buffer {
  return END_OF_TAR.subarray(0, paddingOf(size))
}

/** The header of a file: a ustar header, after a PAX header (POSIX.1-2001, pax) if ustar cannot express the file. */
export function tarHeader ({ name, size, mtime }: TarEntry): Buffer {
  const records = Buffer.from(paxRecords({ name, size }))
  if (records.length === 0) return ustarHeader(name, size, mtime, '0')
  // Programs that do not know PAX see these names.
  const plain = name.replace(/[^\x20-\x7e]/g, '_').slice(-100).replace(/^\/+/, '')
  return Buffer.concat([
    ustarHeader('PaxHeader', records.length, mtime, 'x'),
    records,
    tarPadding(records.length),
    ustarHeader(plain, Math.min(size, LARGEST_IN_USTAR), mtime, '0')
  ])
}

/** The bytes that a file takes in an archive, with its header and padding. */
export function tarSize ({ name, size }: Pick<TarEntry, 'name' | 'size'>): number {
  const records = Buffer.byteLength(paxRecords({ name, size }))
  const header = records === 0 ? BLOCK : BLOCK + records + paddingOf(records) + BLOCK
  return header + size + paddingOf(size)
}

function paddingOf (size: number): number {
  return (BLOCK - size % BLOCK) % BLOCK
}

/** What a ustar header cannot express: other characters than those of ASCII, long names, and sizes from 8 GiB. */
function paxRecords ({ name, size }: Pick<TarEntry, 'name' | 'size'>): string {
  const isPlain = name.length <= 100 && /^[\x20-\x7e]*$/.test(name)
  return (isPlain ? '' : paxRecord('path', name)) + (size <= LARGEST_IN_USTAR ? '' : paxRecord('size', String(size)))
}

/** A record begins with its own length, in decimal digits that are part of it. */
function paxRecord (key: string, value: string): string {
  const rest = ` ${key}=${value}\n`
  const bytes = Buffer.byteLength(rest)
  let length = bytes
  while (length !== bytes + String(length).length) length = bytes + String(length).length
  return `${length}${rest}`
}

function ustarHeader (
  name: string,
  size: number,
  mtime: Date,
  type: '0' | 'x'
): Buffer {
  const header = Buffer.alloc(BLOCK)
  const octal = (value: number, at: number, digits: number): void => {
    header.write(value.toString(8).padStart(digits, '0'), at, 'latin1')
  }
  header.write(name, 0, 'latin1')
  octal(0o644, 100, 7)
  octal(0, 108, 7)
  octal(0, 116, 7)
  octal(size, 124, 11)
  octal(Math.floor(mtime.getTime() / 1000), 136, 11)
  // The checksum counts its own field as spaces.
  header.fill(' ', 148, 156)
  header.write(type, 156, 'latin1')
  header.write('ustar\x0000', 257, 'latin1')
  octal(header.reduce((sum, byte) => sum + byte, 0), 148, 6)
  header[154] = 0
  return header
}
