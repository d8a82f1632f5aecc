import { traceBy } from './tracing.ts'

/** Loads OpenTelemetry if the environment names a collector. Otherwise no OpenTelemetry code is loaded. */
export async function startTracing (
  service: string,
  complain: (message: string) => void,
  environment: NodeJS.ProcessEnv = process.env
): Promise<void> {
  const endpoint = environment['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'] || environment['OTEL_EXPORTER_OTLP_ENDPOINT']
  if (!endpoint || environment['OTEL_SDK_DISABLED'] === 'true') return
  const { exportTraces } = await import('./export-traces.ts')
  traceBy(exportTraces(service, complain, environment))
}
