/** What a target is owed, was given, or could not be given. */
export interface Callback {
  /** Of this job alone, and fit for a URL; together with the job's id it is the same at every try. */
  id: string
  /** The place of its target in the record. */
  target: number
  /** What is to be said, in the words of the kind of target. */
  call: string
  state: 'owed' | 'delivered' | 'dead'
  /** When it is tried next. */
  due_at?: string
  /** Somebody is trying, and nobody else may before then. */
  trying_until?: string
  /** Each as it was begun. Without status and error it is under way, or was cut off. */
  attempts: Attempt[]
}

/** `error` is a word that may be shown to anybody. */
export interface Attempt {
  at: string
  status?: number
  error?: string
}

/** How an attempt ended, and when the next one is due; a callback that is owed no more needs none. */
export interface Ended {
  result: Omit<Attempt, 'at'>
  state: Callback['state']
  due_at?: string
}

export function isDue ({ state, due_at: due = '', trying_until: trying = '' }: Callback, now: Date): boolean {
  const time = now.toISOString()
  return state === 'owed' && due <= time && trying <= time
}

/** The one word for all callbacks of a job: the worst. */
export function callbackState (callbacks: Callback[] = []): Callback['state'] | undefined {
  return (['dead', 'owed', 'delivered'] as const).find((state) => callbacks.some((one) => one.state === state))
}
