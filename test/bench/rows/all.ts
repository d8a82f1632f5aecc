import type { Row } from '../row.ts'
import { archive } from './archive.ts'
import { coldStart } from './cold-start.ts'
import { deployOne } from './deploy-one.ts'
import { deployRate } from './deploy-rate.ts'
import { download } from './download.ts'
import { events } from './events.ts'
import { foreignEvent } from './foreign-event.ts'
import { status } from './status.ts'
import { upload } from './upload.ts'

/** All rows, in the order of the page. */
export const rows: Row[] = [
  coldStart,
  deployRate,
  deployOne,
  events,
  foreignEvent,
  status,
  download,
  upload,
  archive
]
