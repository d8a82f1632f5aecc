import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { NpmPackage } from './bundled-packages.ts'

/**
 * The licence texts of the bundled packages, which must accompany the code. A package without a licence file has at
 * least its SPDX expression.
 */
export function licenseTexts (packages: NpmPackage[]): string {
  return packages.map(({ name, version, license, folder }) => {
    const texts = globSync('{LICEN[CS]E,licen[cs]e,NOTICE}*', { cwd: folder }).sort().map((file) =>
      readFileSync(join(folder, file), 'utf8').trim()
    )
    return [`${name} ${version}: ${license ?? 'see below'}`, ...texts].join('\n\n')
  }).join(`\n\n${'='.repeat(80)}\n\n`) + '\n'
}
