import type { ArchiveForm } from './archive-form.ts'
import { END_OF_TAR, tarHeader, tarPadding, tarSize } from './tar-header.ts'

export const tar: ArchiveForm = {
  mediaType: 'application/x-tar',
  ending: 'tar',
  version: 'ustar with pax',
  hasCrcs: false,
  measure () {
    let total = END_OF_TAR.length
    return {
      add: (file) => {
        total += tarSize(file)
      },
      total: () => total
    }
  },
  before: (file, mtime) => tarHeader({ ...file, mtime }),
  after: ({ size }) => tarPadding(size),
  async * end () {
    yield END_OF_TAR
  }
}
