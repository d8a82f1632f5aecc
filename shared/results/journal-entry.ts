import type { ResultEntry } from './result-entry.ts'

/**
 * A file that is stored, or one that the workload has removed or renamed after its upload. The last entry of a name
 * counts.
 */
export type JournalEntry = ResultEntry | { name: string, gone: true }

/** Entries of a full page: the newest page is written anew each time, so it must stay small. */
export const JOURNAL_PAGE = 500
