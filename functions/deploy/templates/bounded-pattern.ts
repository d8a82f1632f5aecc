import { createContext, Script } from 'node:vm'

/** How long one text may be compared with a pattern. Milliseconds. */
const LONGEST_MS = 250

/** A text whose comparison with a pattern of a template has taken too long. */
export class SlowPattern extends Error {
  readonly text: string

  constructor (pattern: string, text: string) {
    super(`takes too long to compare with the pattern ${pattern}`)
    this.text = text
  }
}

const script = new Script('pattern.test(text)')
let context: { pattern?: RegExp, text?: string } | undefined

/**
 * A pattern such as `^(a+)+$` needs more than years for some short texts, and nothing else runs in the meantime. V8
 * interrupts only what runs in a script with a time limit.
 */
class BoundedPattern {
  readonly #pattern: RegExp

  constructor (source: string, flags: string) {
    this.#pattern = new RegExp(source, flags)
  }

  test (text: string): boolean {
    context ??= createContext({})
    Object.assign(context, { pattern: this.#pattern, text })
    try {
      return script.runInContext(context, { timeout: LONGEST_MS }) as boolean
    } catch (cause) {
      if ((cause as { code?: string }).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw cause
      throw new SlowPattern(this.#pattern.source, text)
    } finally {
      // The text may be secret.
      delete context.text
    }
  }

  /** Ajv takes patterns of one name for one. */
  toString (): string {
    return String(this.#pattern)
  }
}

/** What Ajv is to make of a pattern. */
export const boundedPattern = Object.assign(
  (source: string, flags: string) => new BoundedPattern(source, flags),
  { code: 'new RegExp' }
)
