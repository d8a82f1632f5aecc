/** The shapes of the API, from the schemas of the functions. Only types: no schema is in the page. */
import type { Static } from 'typebox'
import type { CallbackView } from '../../shared/job/callbacks/callback-view.ts'
import type { JobView, ListedJob as ListedJobView } from '../../shared/job/job-view.ts'
import type { State as JobState } from '../../shared/job/job-state.ts'
import type { ResultFile as ListedFile } from '../../shared/results/results.ts'
import type { LeftOutFile } from '../../shared/job/result-counts.ts'

export type { Progress } from '../../shared/job/progress.ts'

export type State = Static<typeof JobState>
export type Job = Static<typeof JobView>
export type ListedJob = Static<typeof ListedJobView>
export type JobPage = { jobs: ListedJob[], next_cursor: string | null }
export type Callback = Static<typeof CallbackView>
export type ResultFile = Static<typeof ListedFile>
export type ResultPage = {
  files: ResultFile[]
  next_cursor: string | null
  left_out: Static<typeof LeftOutFile>[]
  left_out_count: number
}

/** JSON Schema of one variable of a template. */
export interface Variable {
  type: 'string' | 'integer' | 'number' | 'boolean'
  description?: string
  default?: string | number | boolean
  enum?: (string | number | boolean)[]
  examples?: unknown[]
  format?: string
  minimum?: number
  maximum?: number
  maxLength?: number
  pattern?: string
  writeOnly?: boolean
}
export interface Template {
  name: string
  description: string
  env: { properties: Record<string, Variable>, required?: string[] }
  warnings: string[]
}
