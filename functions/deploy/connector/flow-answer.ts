/** What a data flow's signal is answered with, and what is to be done when the answer is on its way. */
export interface FlowAnswer {
  /** Of the job. */
  id: string
  status: 200 | 202
  location?: string
  body: object
  work?: () => Promise<unknown>
}
