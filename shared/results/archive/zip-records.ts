import { type ArchivedFile, SMALL_FILE } from './archive-form.ts'

/**
 * The records of a zip archive (APPNOTE 6.3.10) whose files are stored as they are, with names in UTF-8. Of a small
 * file, the CRC stands before its bytes, where every reader expects it. That of a large one is not known until the
 * bytes are written, and stands after them (4.3.9). Sizes and offsets from 4 GiB on take the fields of Zip64 (4.5.3).
 */

const UTF_8 = 0x0800
const CRC_FOLLOWS = 0x0008
const LARGEST_32 = 0xffff_ffff
const LARGEST_16 = 0xffff
const WITH_ZIP64 = 45
const PLAIN = 20
const UNIX = 3
/** A regular file, which its owner may write and all may read. */
const MODE = 0o100644

const needsZip64 = (size: number): boolean => size >= LARGEST_32
const isLarge = (size: number): boolean => size > SMALL_FILE
const flagsOf = (size: number): number => UTF_8 | (isLarge(size) ? CRC_FOLLOWS : 0)

/** What comes before the bytes of a file; `crc` is not used for a large one. */
export function localHeader ({ name, size }: ArchivedFile, mtime: Date, crc: number): Buffer {
  const extra = [timeExtra(mtime), ...(needsZip64(size) ? [zip64Extra([size, size])] : [])]
  const shown = needsZip64(size) ? LARGEST_32 : isLarge(size) ? 0 : size
  return record([
    [0x04034b50, 4],
    [needsZip64(size) ? WITH_ZIP64 : PLAIN, 2],
    [flagsOf(size), 2],
    [0, 2],
    ...dosTime(mtime),
    [isLarge(size) ? 0 : crc, 4],
    [shown, 4],
    [shown, 4],
    [Buffer.byteLength(name), 2],
    [lengthOf(extra), 2]
  ], Buffer.from(name), ...extra)
}

/** What comes after the bytes of a file: nothing, or its CRC. */
export function dataDescriptor ({ size }: ArchivedFile, crc: number): Buffer {
  if (!isLarge(size)) return Buffer.alloc(0)
  const width = needsZip64(size) ? 8 : 4
  return record([[0x08074b50, 4], [crc, 4], [size, width], [size, width]])
}

/** The entry of a file in the directory; `offset` is where its local header begins. */
export function directoryEntry (
  { name, size }: ArchivedFile,
  mtime: Date,
  crc: number,
  offset: number
): Buffer {
  const large = [...(needsZip64(size) ? [size, size] : []), ...(needsZip64(offset) ? [offset] : [])]
  const extra = [timeExtra(mtime), ...(large.length > 0 ? [zip64Extra(large)] : [])]
  const version = large.length > 0 ? WITH_ZIP64 : PLAIN
  return record([
    [0x02014b50, 4],
    [UNIX << 8 | version, 2],
    [version, 2],
    [flagsOf(size), 2],
    [0, 2],
    ...dosTime(mtime),
    [crc, 4],
    [Math.min(size, LARGEST_32), 4],
    [Math.min(size, LARGEST_32), 4],
    [Buffer.byteLength(name), 2],
    [lengthOf(extra), 2],
    // No comment, the first disk, no attributes of MS-DOS.
    [0, 6],
    [MODE * 2 ** 16, 4],
    [Math.min(offset, LARGEST_32), 4]
  ], Buffer.from(name), ...extra)
}

/** What ends an archive, after the directory of `files` entries that begins at `offset`. */
export function endOfZip (files: number, directorySize: number, offset: number): Buffer {
  const end = record([
    [0x06054b50, 4],
    [0, 4],
    [Math.min(files, LARGEST_16), 2],
    [Math.min(files, LARGEST_16), 2],
    [Math.min(directorySize, LARGEST_32), 4],
    [Math.min(offset, LARGEST_32), 4],
    [0, 2]
  ])
  if (files < LARGEST_16 && !needsZip64(directorySize) && !needsZip64(offset)) return end
  const end64 = record([
    [0x06064b50, 4],
    [44, 8],
    [UNIX << 8 | WITH_ZIP64, 2],
    [WITH_ZIP64, 2],
    [0, 8],
    [files, 8],
    [files, 8],
    [directorySize, 8],
    [offset, 8]
  ])
  const locator = record([[0x07064b50, 4], [0, 4], [offset + directorySize, 8], [1, 4]])
  return Buffer.concat([end64, locator, end])
}

type Field = [value: number, bytes: number]

/** The fields one after the other, little-endian, and then the rest. */
function record (fields: Field[], ...rest: Buffer[]): Buffer {
  const fixed = Buffer.alloc(fields.reduce((sum, [, bytes]) => sum + bytes, 0))
  let at = 0
  for (const [value, bytes] of fields) {
    if (bytes === 8) fixed.writeBigUInt64LE(BigInt(value), at)
    else fixed.writeUIntLE(value, at, bytes)
    at += bytes
  }
  return Buffer.concat([fixed, ...rest])
}

function zip64Extra (values: number[]): Buffer {
  return record([[1, 2], [8 * values.length, 2], ...values.map((value): Field => [value, 8])])
}

/** The time in UTC ("extended timestamp"): the field of MS-DOS is read as a local time. */
function timeExtra (mtime: Date): Buffer {
  return record([[0x5455, 2], [5, 2], [1, 1], [Math.floor(mtime.getTime() / 1000) % 2 ** 32, 4]])
}

/** Time and date of MS-DOS, in steps of two seconds, from 1980 on. */
function dosTime (mtime: Date): Field[] {
  const time = mtime.getUTCHours() << 11 | mtime.getUTCMinutes() << 5 | mtime.getUTCSeconds() >> 1
  const date = Math.max(mtime.getUTCFullYear() - 1980, 0) << 9 | (mtime.getUTCMonth() + 1) << 5 | mtime.getUTCDate()
  return [[time, 2], [date, 2]]
}

function lengthOf (parts: Buffer[]): number {
  return parts.reduce((sum, { length }) => sum + length, 0)
}
