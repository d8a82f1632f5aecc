import type { Row } from '../row.ts'
import { coldStart } from './cold-start.ts'

/** All rows, in the order of the page. */
export const rows: Row[] = [coldStart]
