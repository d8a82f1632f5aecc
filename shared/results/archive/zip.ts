import type { ArchivedFile, ArchiveForm } from './archive-form.ts'
import { dataDescriptor, directoryEntry, endOfZip, localHeader } from './zip-records.ts'

/** The entries of the directory that are sent at once. */
const AT_ONCE = 500

/** The sizes of the records do not depend on it. */
const ANY_TIME = new Date(0)

export const zip: ArchiveForm = {
  mediaType: 'application/zip',
  ending: 'zip',
  version: 'zip, stored',
  hasCrcs: true,
  measure () {
    let files = 0
    let offset = 0
    let directory = 0
    return {
      add: (file) => {
        files++
        directory += directoryEntry(file, ANY_TIME, 0, offset).length
        offset += sizeInZip(file)
      },
      total: () => offset + directory + endOfZip(files, directory, offset).length
    }
  },
  before: (file, mtime, crc = 0) => localHeader(file, mtime, crc),
  after: dataDescriptor,
  async * end (files, mtime, crcs) {
    let count = 0
    let offset = 0
    let directory = 0
    let entries: Buffer[] = []
    for await (const file of files) {
      const entry = directoryEntry(file, mtime, crcs[count++]!, offset)
      entries.push(entry)
      directory += entry.length
      offset += sizeInZip(file)
      if (entries.length < AT_ONCE) continue
      yield Buffer.concat(entries)
      entries = []
    }
    yield Buffer.concat([...entries, endOfZip(count, directory, offset)])
  }
}

/** What a file takes without its entry in the directory. */
function sizeInZip (file: ArchivedFile): number {
  return localHeader(file, ANY_TIME, 0).length + file.size + dataDescriptor(file, 0).length
}
