const YOUNG_MS = 3600_000

/** A process may still be making or removing an object that is younger than an hour. */
export const isOld = (time: Date, now: Date): boolean => now.getTime() - time.getTime() > YOUNG_MS
