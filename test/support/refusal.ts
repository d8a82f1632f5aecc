/** A pattern for an Error that the server answers with this problem. */
export const refusal = (status: number, kind: string) => ({
  message: /\w/,
  problem: { type: `urn:gx4ki:problem:${kind}`, status }
})
