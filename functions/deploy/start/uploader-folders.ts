/** Where the uploader finds its token, and where it notes that it has started and that the pod is ending. */
export const TOKEN_DIR = '/var/run/gx4ki'
export const STARTED_DIR = '/var/lib/gx4ki'
