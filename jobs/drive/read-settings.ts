/** The settings in the environment. Throws an Error that names a wrong variable, its allowed values and its value. */
export function readSettings (env: NodeJS.ProcessEnv) {
  return {
    /** simulated seconds */
    duration: readNumber(env, 'DURATION', 15, { from: 1, to: 3600, whole: true }),
    /** simulated seconds per second of real time; 0: as fast as possible */
    realTimeFactor: readNumber(env, 'REAL_TIME_FACTOR', 5, { from: 0, to: 1000, whole: false }),
    seed: readNumber(env, 'SEED', 0, { from: 0, to: 2 ** 32 - 1, whole: true }),
    resultDir: env['RESULT_DIR'] || 'results'
  }
}

function readNumber (
  env: NodeJS.ProcessEnv,
  name: string,
  fallback: number,
  { from, to, whole }: { from: number, to: number, whole: boolean }
) {
  const text = env[name] ?? String(fallback)
  const value = text.trim() === '' ? NaN : Number(text)
  if (value >= from && value <= to && (!whole || Number.isInteger(value))) return value
  throw new Error(
    `${name} must be a ${whole ? 'whole ' : ''}number from ${from} to ${to}, but is ${JSON.stringify(text)}`
  )
}
