/** Whether only this machine can reach a server that listens on this address. */
export function isLoopback (host: string): boolean {
  return host === '127.0.0.1' || host === '::1'
}
