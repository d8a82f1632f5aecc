import { Type, type Static } from 'typebox'
import { JobId } from '../../shared/job/job-id.ts'

/** One pod of a job, whose results are kept apart from those of any other. */
export const Attempt = Type.Object({
  id: JobId,
  attempt: Type.String({
    pattern: '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$',
    'x-message': 'must be the uid of a pod',
    description: 'The uid of the pod'
  })
})
export type Attempt = Static<typeof Attempt>
