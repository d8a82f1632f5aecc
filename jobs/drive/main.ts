import { mkdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { bagMetadata } from './bag-metadata.ts'
import { createRecording } from './create-recording.ts'
import { addToFigures, noFigures } from './drive-figures.ts'
import { pace } from './pace.ts'
import { plotDrive } from './plot-drive.ts'
import { readSettings } from './read-settings.ts'
import { reportProgress } from './report-progress.ts'
import { planRoute } from './route.ts'
import { simulateDrive, STEPS_PER_SECOND } from './simulate-drive.ts'

// Five points a second are at most three metres apart, so curves look round, and the plot of an hour stays small.
const STEPS_PER_PLOTTED_POINT = STEPS_PER_SECOND / 5

const stop = new AbortController()
process.once('SIGTERM', () => stop.abort())
drive(settingsOrExit(), stop.signal).then(
  (complete) => {
    process.exitCode = complete ? 0 : 143
  },
  (error) => {
    console.error('drive:', error)
    process.exitCode = 1
  }
)

function settingsOrExit () {
  try {
    return readSettings(process.env)
  } catch (error) {
    console.error(`drive: ${(error as Error).message}`)
    process.exit(2)
  }
}

/** Returns false when it was stopped early. The files are complete in both cases and cover the drive until then. */
async function drive (
  { duration, realTimeFactor, seed, resultDir }: ReturnType<typeof readSettings>,
  stop: AbortSignal
) {
  const steps = duration * STEPS_PER_SECOND
  const route = planRoute()
  const driven: { x: number, y: number }[] = []
  const report = reportProgress(steps, resultDir)
  let figures = noFigures

  await mkdir(resultDir, { recursive: true })
  const recording = await createRecording(unfinished(resultDir, 'drive.mcap'))
  for await (const state of pace(simulateDrive(route, steps, seed), realTimeFactor, stop)) {
    await recording.add(state)
    figures = addToFigures(figures, state)
    if (state.step % STEPS_PER_PLOTTED_POINT === 0) driven.push({ x: state.x, y: state.y })
    report(state)
  }
  const recorded = await recording.close()
  await finish(resultDir, 'drive.mcap')
  await writeFile(unfinished(resultDir, 'metadata.yaml'), bagMetadata('drive.mcap', recorded))
  await finish(resultDir, 'metadata.yaml')

  const title = `Simulated drive: ${figures.simulated_s} s, ${figures.distance_m.toFixed(0)} m, up to ${
    figures.max_speed_mps.toFixed(1)
  } m/s`
  await writeFile(unfinished(resultDir, 'route.svg'), plotDrive(route, driven, title))
  await finish(resultDir, 'route.svg')

  const complete = figures.steps === steps
  const messages = Object.fromEntries(recorded.topics.map(({ topic, messages }) => [topic, messages]))
  const summary = { complete, seed, duration_s: duration, ...figures, messages }
  await writeFile(unfinished(resultDir, 'summary.json'), JSON.stringify(summary, toThousandths, 2) + '\n')
  await finish(resultDir, 'summary.json')
  return complete
}

function toThousandths (_key: string, value: unknown) {
  return typeof value === 'number' ? Math.round(value * 1000) / 1000 : value
}

// The uploader ignores dot-files, so it sees a file only when the file is complete.
function unfinished (folder: string, name: string) {
  return join(folder, `.${name}.unfinished`)
}

async function finish (folder: string, name: string) {
  await rename(unfinished(folder, name), join(folder, name))
}
