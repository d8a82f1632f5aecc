import { STEPS_PER_SECOND, type DriveState } from './simulate-drive.ts'

/** Prints a line for the first state, at every tenth of the drive, and at least every second while states arrive. */
export function reportProgress (steps: number) {
  let tenths = -1
  let printed = 0
  return ({ step, speed, distance }: DriveState) => {
    const done = (step + 1) / steps
    if (Math.floor(done * 10) === tenths && performance.now() < printed + 1000) return
    tenths = Math.floor(done * 10)
    printed = performance.now()
    const percent = String(Math.floor(done * 100)).padStart(3)
    const time = ((step + 1) / STEPS_PER_SECOND).toFixed(1)
    console.log(`drive ${percent} %  t=${time} s  v=${speed.toFixed(1)} m/s  s=${distance.toFixed(0)} m`)
  }
}
