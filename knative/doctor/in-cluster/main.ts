/**
 * The part of `make doctor` that needs the keys of the store and the addresses of the functions, but no rights in
 * Kubernetes. On a cluster it runs in its own pod. With S3_* in the environment, `node dist/doctor.cjs` checks any
 * store.
 */
import { parseArgs } from 'node:util'
import { Type } from 'typebox'
import { redirectSettings } from '../../../functions/result-fetch/results/redirect-to-store.ts'
import { presignWith } from '../../../functions/result-upload/presign.ts'
import { readSettings } from '../../../shared/settings/read-settings.ts'
import { openStore, storeSettings } from '../../../shared/store/open-store.ts'
import { broken, isBroken, type Row } from '../row.ts'
import { table } from '../table.ts'
import { wordsOf } from '../words-of.ts'
import { findOrphans } from './find-orphans.ts'
import { leftoverRows, orphanRows, removalRows } from './orphan-rows.ts'
import { publicEndpointRow } from './public-endpoint-row.ts'
import { removeOrphans } from './remove-orphans.ts'
import { runCanary } from './run-canary.ts'
import { storeAbilities } from './store-abilities.ts'

/**
 * The output with `--json`: the rows, and those jobs from the arguments that have no record. `unknown` is missing when
 * the records could not be listed.
 */
export interface Report {
  rows: Row[]
  unknown?: string[]
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'boolean', default: false },
    fix: { type: 'boolean', default: false },
    deploy: { type: 'string' },
    'result-fetch': { type: 'string' },
    template: { type: 'string' }
  }
})

const { deploy, 'result-fetch': resultFetch, template, fix, json } = values
examine().then((report) => {
  console.log(json ? JSON.stringify(report) : table(report.rows))
  process.exitCode = report.rows.some(isBroken) ? 1 : 0
}, (error) => {
  console.error(wordsOf(error))
  process.exitCode = 1
})

async function examine (): Promise<Report> {
  const settings = readSettings(Type.Object({ ...storeSettings, ...redirectSettings }))
  const store = openStore(settings)
  const abilities = await storeAbilities(store, presignWith(store))
  // Without the store no other check is possible.
  if (isBroken(abilities[0]!)) return { rows: abilities }
  const endpoint = await publicEndpointRow(store, settings)
  if (endpoint !== undefined) abilities.push(endpoint)
  const canary = deploy === undefined || resultFetch === undefined
    ? []
    : await runCanary({ deploy, resultFetch, template })
  try {
    const found = await findOrphans(store, new Date())
    const orphans = fix && found.orphans.length > 0
      ? removalRows(await removeOrphans(store, found.orphans))
      : orphanRows(found)
    return {
      rows: [...abilities, ...canary, ...orphans, ...leftoverRows(found, new Date())],
      unknown: positionals.filter((id) => !found.isKnown(id))
    }
  } catch (error) {
    return { rows: [...abilities, ...canary, broken('orphans in the store', wordsOf(error), 'see the rows above')] }
  }
}
