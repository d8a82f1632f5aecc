/**
 * Puts known faults back, each into a copy of this project, and sees whether a run of two minutes finds them:
 * `node test/chaos/teeth.ts`, or with a part of the name of a fault for some of them.
 */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import { type KnownFault, knownFaults } from './known-faults.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const [part = ''] = process.argv.slice(2)

let missed = 0
for (const fault of knownFaults.filter(({ name }) => name.includes(part))) {
  const folder = mkdtempSync(join(tmpdir(), 'gx4ki-teeth-'))
  try {
    copyProject(folder)
    putBack(folder, fault)
    execFileSync(process.execPath, ['build.ts'], { cwd: folder })
    const begun = Date.now()
    const output = await run(folder)
    const isOfRule = new RegExp(`^ *not ok .*(- |: |; )${fault.rule}: `)
    const found = output.split('\n').filter((line) => isOfRule.test(line))
    const seconds = Math.round((Date.now() - begun) / 1000)
    const jobs = [...output.matchAll(/# (\d+) jobs; /g)].reduce((sum, [, count]) => sum + Number(count), 0)
    console.log(`${found.length > 0 ? 'found' : 'MISSED'} in ${seconds} s: ${fault.name} (${found.length} of ${jobs} jobs)`)
    for (const line of found.slice(0, 2)) console.log(`    ${line.trim().slice(0, 300)}`)
    if (found.length === 0) missed++
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
process.exitCode = missed === 0 ? 0 : 1

function copyProject (folder: string): void {
  const files = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: ROOT })
  for (const file of files.toString().split('\0').filter((file) => file !== '' && existsSync(join(ROOT, file)))) {
    mkdirSync(dirname(join(folder, file)), { recursive: true })
    cpSync(join(ROOT, file), join(folder, file))
  }
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
  if (existsSync(join(ROOT, '.local'))) symlinkSync(join(ROOT, '.local'), join(folder, '.local'))
}

function putBack (folder: string, { name, changes }: KnownFault): void {
  for (const [file, good, bad] of changes) {
    const path = join(folder, file)
    const parts = readFileSync(path, 'utf8').split(good)
    if (parts.length !== 2) throw new Error(`${name}: ${file} has ${parts.length - 1} times: ${good}`)
    writeFileSync(path, parts.join(bad))
  }
}

async function run (folder: string): Promise<string> {
  const child = spawn(process.execPath, ['test/chaos/main.ts'], {
    cwd: folder,
    env: { ...process.env, CHAOS_SECONDS: process.env['CHAOS_SECONDS'] || '120' },
    stdio: ['ignore', 'pipe', 'inherit']
  })
  const [output] = await Promise.all([text(child.stdout), once(child, 'exit')])
  return output
}
