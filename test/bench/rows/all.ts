import type { Row } from '../row.ts'
import { archive } from './archive.ts'
import { coldStart } from './cold-start.ts'
import { deployOne } from './deploy-one.ts'
import { deployRate } from './deploy-rate.ts'
import { download } from './download.ts'
import { events } from './events.ts'
import { finishedJobs } from './finished-jobs.ts'
import { foreignEvent } from './foreign-event.ts'
import { lists } from './lists.ts'
import { logs } from './logs.ts'
import { memory } from './memory.ts'
import { openLimit } from './open-limit.ts'
import { idleJob, manyPings, pings } from './pings.ts'
import { status } from './status.ts'
import { upload } from './upload.ts'
import { waiting } from './waiting.ts'

/** All rows, in the order of the page. */
export const rows: Row[] = [
  coldStart,
  memory,
  deployRate,
  deployOne,
  openLimit,
  events,
  foreignEvent,
  pings,
  manyPings,
  idleJob,
  finishedJobs,
  logs,
  status,
  lists,
  waiting,
  download,
  upload,
  archive
]
