import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { STEPS_PER_SECOND, type DriveState } from './simulate-drive.ts'

/**
 * Prints a line for the first state, at every tenth of the drive, and at least every second while states arrive. It
 * writes the same to the file in which a workload reports how far it is.
 */
export function reportProgress (steps: number, folder: string) {
  const file = join(folder, '.gx4ki-progress')
  let tenths = -1
  let printed = 0
  return ({ step, speed, distance }: DriveState) => {
    const done = (step + 1) / steps
    if (Math.floor(done * 10) === tenths && performance.now() < printed + 1000) return
    tenths = Math.floor(done * 10)
    printed = performance.now()
    const percent = Math.floor(done * 100)
    const figures = `t=${((step + 1) / STEPS_PER_SECOND).toFixed(1)} s  v=${speed.toFixed(1)} m/s  s=${distance.toFixed(0)} m`
    console.log(`drive ${String(percent).padStart(3)} %  ${figures}`)
    writeFileSync(`${file}.unfinished`, `${percent} % driving, ${distance.toFixed(0)} m\n`)
    renameSync(`${file}.unfinished`, file)
  }
}
