/** The file at the top of the result folder in which a workload reports how far it is. It is never a result. */
export const PROGRESS_FILE = '.gx4ki-progress'
