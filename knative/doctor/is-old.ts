const YOUNG_MS = 3600_000

/** What is younger than an hour may be just being made, or just being removed. */
export const isOld = (time: Date, now: Date): boolean => now.getTime() - time.getTime() > YOUNG_MS
