/** The exit codes, which scripts rely on: a code never changes its meaning. */
export const EXIT = {
  done: 0,
  unexpected: 1,
  refused: 2,
  unknown: 3,
  access: 4,
  failed: 5,
  canceled: 6,
  incomplete: 7,
  unended: 8,
  interrupted: 130,
  terminated: 143
} as const

export type ExitCode = typeof EXIT[keyof typeof EXIT]

/** What each code means, for `gx4ki help exit-codes` and the reference page. */
export const exitCodes: Record<ExitCode, string> = {
  0: 'done; with --wait: the job has succeeded',
  1: 'unexpected: the server, the network or this machine failed',
  2: 'the arguments or values were refused',
  3: 'there is no such job, file or log, or it has expired',
  4: 'a credential is needed, or does not allow this',
  5: 'the job has failed or is lost',
  6: 'the job was canceled',
  7: 'a download is not complete; run the same command again',
  8: 'the job has not ended yet, also when --timeout is over',
  130: 'stopped by Ctrl-C; the job goes on',
  143: 'stopped by SIGTERM; the job goes on'
}
