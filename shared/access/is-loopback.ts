/** Whether nothing but this machine reaches what listens on an address. */
export function isLoopback (host: string): boolean {
  return host === '127.0.0.1' || host === '::1'
}
