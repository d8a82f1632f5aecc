import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { jobTemplates } from './job-templates.ts'

/**
 * Writes the templates that the pages and examples name, into the folder of those of the tests or into another one.
 * Returns the folder.
 */
export function documentedTemplates (folder = jobTemplates()): string {
  for (
    const [name, file] of [
      ['drive', 'knative/templates/drive.yaml'],
      ['evaluate', 'docs/example-template.yaml'],
      ['swing', 'examples/templates/swing.yaml']
    ] as const
  ) writeFileSync(join(folder, `${name}.yaml`), readFileSync(file, 'utf8').replace(FACTOR, '$10'))
  return folder
}

/** A drive is as fast as possible, unless the caller says otherwise. */
const FACTOR = /(REAL_TIME_FACTOR:[^]*?default: )\d+/
