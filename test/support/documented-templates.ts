import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { jobTemplates } from './job-templates.ts'

/** The templates that the pages and examples name, beside those of the tests. Returns their folder. */
export function documentedTemplates (): string {
  const folder = jobTemplates()
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
