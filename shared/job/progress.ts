import { Type, type Static } from 'typebox'

/** How far a workload is, as it reports it: docs/watch.md. */
export const Progress = Type.Object({
  percent: Type.Number({ minimum: 0, maximum: 100 }),
  message: Type.Union([Type.String({ maxLength: 200 }), Type.Null()], { description: 'What the workload does' }),
  at: Type.String({ format: 'date-time', description: 'When this was reported. RFC 3339, UTC' }),
  remaining_seconds: Type.Union([Type.Integer({ minimum: 0 }), Type.Null()], {
    description: 'What was left at that time, estimated from the reports so far; null when there are too few'
  })
}, { title: 'Progress' })
export type Progress = Static<typeof Progress>
