/** Builds what the end-to-end suite runs on; about half an hour the first time, nothing after that. */
import { built, debian, type GoModule } from './parts.ts'

debian()
for (const name of (process.argv.slice(2).length > 0 ? process.argv.slice(2) : ['kubernetes', 'minio', 'eventing', 'coredns', 'serving']) as GoModule[]) await built(name)
