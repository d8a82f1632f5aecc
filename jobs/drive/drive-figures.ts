import { STEPS_PER_SECOND, type DriveState } from './simulate-drive.ts'

/** The figures of a drive after one more state: `states.reduce(addToFigures, noFigures)`. */
export function addToFigures (
  figures: typeof noFigures,
  { step, speed, distance, lateralError }: DriveState
): typeof noFigures {
  const steps = step + 1
  return {
    steps,
    simulated_s: steps / STEPS_PER_SECOND,
    distance_m: distance,
    mean_speed_mps: figures.mean_speed_mps + (speed - figures.mean_speed_mps) / steps,
    max_speed_mps: Math.max(figures.max_speed_mps, speed),
    max_lateral_error_m: Math.max(figures.max_lateral_error_m, Math.abs(lateralError))
  }
}

export const noFigures = {
  steps: 0,
  simulated_s: 0,
  distance_m: 0,
  mean_speed_mps: 0,
  max_speed_mps: 0,
  max_lateral_error_m: 0
}
