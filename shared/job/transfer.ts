/**
 * The three ways in which connectors speak with whoever makes their data; docs/connector.md says which EDC has which.
 */
export const protocols = ['http-provisioner', 'edc-signaling', 'dataplane-signaling'] as const
export type Protocol = typeof protocols[number]

/** What the connector is given the address of: one file, their list, or all of them as one tar archive. */
export type Result = 'list' | 'archive' | { file: string }

/**
 * A transfer of a connector, that a job was made for: whom to tell, and what to say. In a record it is one of the
 * targets.
 */
export type Transfer = { [K in Protocol]: Facts & { kind: K } }[Protocol]

interface Facts {
  /** The connector's name in the operator's table: what is secret is looked up there when it is needed. */
  connector: string
  /** The id of the transfer process, at the provider. */
  transfer: string
  asset: string
  callback_address: string
  result: Result
  /**
   * When the connector was last answered. It loses what it is told before it has read that answer, so it is told a few
   * seconds later (transfer-calls.ts).
   */
  answered_at: string
  /** Of the HTTP provisioner, which wants it back. */
  resource_definition?: string
  /** The asset's own properties say what to run, and they have not been asked for yet. */
  look_up?: true
  /**
   * Where a push goes to: its address is sealed, for it may hold the consumer's credentials. Without it, the consumer
   * pulls.
   */
  sealed_destination?: string
  /** Of the message that began it: the same one again is a repeat, any other of this transfer a mistake. */
  message?: string
  suspended_at?: string
  /** That it ended because all was transferred. */
  completed?: true
  /** From then on nobody is told anything, and the token for the results opens nothing. */
  ended_at?: string
}

export function isTransfer (target: { kind: string } | undefined): target is Transfer {
  return target !== undefined && (protocols as readonly string[]).includes(target.kind)
}
