/** A file in an archive. */
export interface ArchivedFile {
  name: string
  /** Bytes. */
  size: number
}

/** How an archive is written: the bytes before and after each file, and those after the last one. */
export interface ArchiveForm {
  mediaType: string
  ending: string
  /** Names the exact form: another form of the same files is another archive, with another ETag. */
  version: string
  /** Whether it needs the CRC-32 of each file. */
  hasCrcs: boolean
  /** Counts the bytes of an archive. */
  measure: () => { add: (file: ArchivedFile) => void, total: () => number }
  /** `crc` is that of the bytes, or `undefined` for a large file, of which it is not known yet. */
  before: (file: ArchivedFile, mtime: Date, crc: number | undefined) => Buffer
  after: (file: ArchivedFile, crc: number) => Buffer
  /** Gets all files once more, in the same order, and their `crcs`. */
  end: (
    files: AsyncIterable<ArchivedFile>,
    mtime: Date,
    crcs: Uint32Array
  ) => AsyncGenerator<Buffer>
}

/** Up to this size a file is read into memory before it is written. */
export const SMALL_FILE = 256 * 1024
