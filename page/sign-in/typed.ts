import { credential } from './credential.ts'

/**
 * What is typed into the view, over the way to the issuer and back: the page is loaded anew then. It is for the same
 * visitor and the same view only.
 */
interface Typed {
  subject: string
  hash: string
  content: unknown
}

const PLACE = 'gx4ki.typed'

let contentOf: (() => unknown) | undefined
/** What is not given to a view yet. */
let kept = takeTyped()

/** Names what is to be kept of the view that is open. Returns how it takes that back. */
export function keepTyped (content: () => unknown): () => void {
  contentOf = content
  return () => {
    contentOf = undefined
  }
}

/** Before the visitor leaves for the issuer. */
export function storeTyped (): void {
  const subject = subjectOf(credential.peek()?.token)
  const typed = contentOf === undefined || subject === undefined
    ? kept
    : { subject, hash: location.hash, content: contentOf() }
  if (typed !== undefined) sessionStorage.setItem(PLACE, JSON.stringify(typed))
}

/** What was typed into this view before the visitor left for the issuer. It is given once. */
export function typedBefore<T> (): T | undefined {
  if (kept === undefined || kept.hash !== location.hash || kept.subject !== subjectOf(credential.peek()?.token)) {
    return undefined
  }
  const { content } = kept
  kept = undefined
  return content as T
}

function takeTyped (): Typed | undefined {
  const text = sessionStorage.getItem(PLACE)
  sessionStorage.removeItem(PLACE)
  return text === null ? undefined : JSON.parse(text) as Typed
}

/** Whom a token of an issuer is for; `undefined` for what is none. */
function subjectOf (token = ''): string | undefined {
  try {
    const [, payload = ''] = token.split('.')
    const { iss, sub } = JSON.parse(atob(payload.replaceAll('-', '+').replaceAll('_', '/'))) as Record<string, unknown>
    return typeof sub === 'string' ? JSON.stringify([iss, sub]) : undefined
  } catch {
    return undefined
  }
}
