import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type LocalStore, startStore } from '../../knative/local/store/store.ts'
import { makeCompileCache } from './parts/compile-cache.ts'

/** What all rows share: the store, a folder, and how much time there is. */
export interface Bench {
  isQuick: boolean
  store: LocalStore
  /** A folder for the files of the rows. */
  dir: string
  /** Registers what undoes a step of a row. The steps are undone in the opposite order. */
  after: (undo: () => unknown) => void
  /** Undoes all steps of a row. */
  end: () => Promise<void>
  /** Ends the store and removes the folder. */
  close: () => Promise<void>
}

export async function openBench ({ isQuick }: { isQuick: boolean }): Promise<Bench> {
  makeCompileCache()
  const dir = mkdtempSync(join(tmpdir(), 'gx4ki-bench-'))
  const store = await startStore({ dir, log: console.error })
  const undo: (() => unknown)[] = []
  async function end (): Promise<void> {
    for (let step = undo.pop(); step !== undefined; step = undo.pop()) await step()
  }
  return {
    isQuick,
    store,
    dir,
    after: (step) => undo.push(step),
    end,
    async close () {
      await end()
      await store.stop()
      rmSync(dir, { recursive: true, force: true })
    }
  }
}
