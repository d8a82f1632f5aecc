import type { Why } from '../reasons/why.ts'

/**
 * The three protocols between a connector and a data source such as this project; docs/connector.md says which EDC
 * version has which.
 */
export const protocols = ['http-provisioner', 'edc-signaling', 'dataplane-signaling'] as const
export type Protocol = typeof protocols[number]

/** The results whose address the connector gets: one file, the list of files, or all files as one tar archive. */
export type Result = 'list' | 'archive' | { file: string }

/** A transfer of a connector, for which a job was created. In a record, it is one of the targets. */
export type Transfer = { [K in Protocol]: Facts & { kind: K } }[Protocol]

interface Facts {
  /** The connector's name in the operator's table. Its keys are looked up there when they are needed. */
  connector: string
  /** The id of the transfer process at the provider. */
  transfer: string
  asset: string
  callback_address: string
  result: Result
  /**
   * When the connector last got an answer. A connector loses calls that arrive before it has read that answer, so calls
   * are due a few seconds later (transfer-calls.ts).
   */
  answered_at: string
  /** Only for the HTTP provisioner, which expects it back. */
  resource_definition?: string
  /** The asset's own properties define what to run, and they have not been read yet. */
  look_up?: true
  /** Why the request can never be met. The job has nothing to run, and fails. */
  refused?: Why
  /**
   * The destination of a push. It is sealed, because it may contain the consumer's credentials. Absent if the consumer
   * pulls.
   */
  sealed_destination?: string
  /**
   * The id of the message that started the transfer. The same id again is a repeated message; another id for this
   * transfer is an error.
   */
  message?: string
  /** The job has succeeded, but it made no file of the name in `result`. So there is no data. */
  result_missing?: true
  suspended_at?: string
  /** The transfer ended because all data was transferred. */
  completed?: true
  /** From then on, no callback is made for the transfer, and its result token is not valid. */
  ended_at?: string
}

export function isTransfer (target: { kind: string } | undefined): target is Transfer {
  return target !== undefined && (protocols as readonly string[]).includes(target.kind)
}
