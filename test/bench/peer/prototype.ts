import { join } from 'node:path'
import { freePorts } from '../../../knative/local/free-ports.ts'
import type { StoreSettings } from '../../../shared/store/open-store.ts'
import { pythonWith } from '../../support/python-with.ts'
import type { Bench } from '../bench.ts'
import { NAMESPACE } from '../parts/function.ts'
import { type Program, startProgram } from '../parts/program.ts'

export const PACKAGES = ['fastapi==0.165.0', 'uvicorn==0.54.0', 'kubernetes==37.0.2', 'minio==7.2.20']

/** Starts the prototype's stack. It may not listen yet when this returns. */
export async function startPrototype (
  bench: Pick<Bench, 'dir' | 'after'>,
  { settings, kubeconfig, sameCalls = [] }: {
    settings: StoreSettings
    kubeconfig: string
    sameCalls?: string[][]
  }
): Promise<Program & { url: string }> {
  const [port] = await freePorts(1)
  const python = join(pythonWith('prototype', PACKAGES), 'python')
  const options = ['--host', '127.0.0.1', '--port', String(port), '--log-level', 'warning', '--no-access-log']
  const program = await startProgram(bench, [python, '-m', 'uvicorn', 'prototype:app', ...options], {
    ...settings,
    KUBECONFIG: kubeconfig,
    JOBS_NAMESPACE: NAMESPACE,
    SAME_CALLS: JSON.stringify(sameCalls)
  }, import.meta.dirname)
  return { ...program, url: `http://127.0.0.1:${port}` }
}
