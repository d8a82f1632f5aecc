import { execFileSync } from 'node:child_process'

/** Runs kubectl against the cluster of the end-to-end suite. Returns its output. */
export function kubectl (...args: string[]): string {
  return kubectlWith('', ...args)
}

export function kubectlWith (input: string, ...args: string[]): string {
  // What kubectl says about a failure is in the message of the error.
  return execFileSync('kubectl', args, { input, encoding: 'utf8', maxBuffer: 2 ** 26, stdio: 'pipe' })
}

export function kubectlJson<T> (...args: string[]): T {
  return JSON.parse(kubectl(...args, '-o', 'json')) as T
}
