/**
 * Lays out the image's files in dist/image/, one folder per layer: `system` (Node and the Debian files that it needs)
 * and `programs` (the bundles, and what V8 has compiled of them). Also writes the bill of materials,
 * dist/image.cdx.json. write-archive.ts and the Dockerfile both make the image from these files.
 */
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  cpSync,
  globSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  rmSync,
  writeFileSync
} from 'node:fs'
import { dirname, join } from 'node:path'
import type { Metafile } from 'esbuild'
import { billOfMaterials } from './bill-of-materials.ts'
import { bundledPackages } from './bundled-packages.ts'
import { licenseTexts } from './license-texts.ts'
import { unpackDebian } from './unpack-debian.ts'

const FOLDER = 'dist/image'
const system = join(FOLDER, 'system')
const programs = join(FOLDER, 'programs/app')

/** base-files has the Debian release; gcc-12-base has the copyright of the compiler's libraries. */
const PACKAGES = ['base-files', 'ca-certificates', 'gcc-12-base', 'libc6', 'libgcc-s1', 'libstdc++6']

/**
 * The files that are kept from the packages: the libraries that Node loads (readelf -d), those that resolve host names,
 * the release and the licences. No shell and no tools.
 */
const KEPT = [
  'lib/*-linux-gnu/{ld-linux-*,libc,libdl,libgcc_s,libm,libnss_dns,libnss_files,libpthread,libresolv}.so.*',
  'lib/ld-linux-*',
  'lib64/*',
  'usr/lib/*-linux-gnu/libstdc++.so.*',
  'etc/os-release',
  'usr/lib/os-release',
  'usr/share/common-licenses/*',
  'usr/share/doc/*/copyright'
]

// The modes of the files must not depend on the umask of the user.
process.umask(0o022)
rmSync(FOLDER, { recursive: true, force: true })
mkdirSync(FOLDER)

const unpacked = join(FOLDER, 'unpacked')
const packages = unpackDebian(PACKAGES, unpacked)
for (const { name, file } of packages) {
  // Scanners look here for the packages of an image without dpkg.
  write(join(system, 'var/lib/dpkg/status.d', name), execFileSync('dpkg-deb', ['--field', file]))
}
for (const path of globSync(KEPT, { cwd: unpacked })) {
  cpSync(join(unpacked, path), join(system, path), { recursive: true, verbatimSymlinks: true })
}

// The file that update-ca-certificates would make from the package.
const certificates = globSync('usr/share/ca-certificates/mozilla/*.crt', { cwd: unpacked }).sort()
write(
  join(system, 'etc/ssl/certs/ca-certificates.crt'),
  certificates.map((path) => readFileSync(join(unpacked, path), 'utf8')).join('')
)
rmSync(unpacked, { recursive: true })

write(join(system, 'etc/passwd'), 'root:x:0:0:root:/:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/:/sbin/nologin\n')
write(join(system, 'etc/group'), 'root:x:0:\nnonroot:x:65532:\n')
mkdirSync(join(system, 'tmp'))
chmodSync(join(system, 'tmp'), 0o1777)

copy('node_modules/node/bin/node', join(system, 'usr/local/bin/node'), 0o755)
const metafile = JSON.parse(readFileSync('dist/metafile.json', 'utf8')) as Metafile
// Source maps are left out, because they are half as large as the bundles. Stack traces point into the bundles.
for (const file of Object.keys(metafile.outputs).filter((file) => !file.endsWith('.map'))) {
  copy(file, join(programs, file), 0o644)
}
for (const file of globSync(['dist/compile-cache/*/*', 'dist/openapi/*.json', 'dist/page/*'])) {
  copy(file, join(programs, file), 0o644)
}
copy('LICENSE', join(programs, 'LICENSE'), 0o644)
const bundled = bundledPackages(metafile)
write(join(programs, 'THIRD-PARTY-LICENSES'), licenseTexts(bundled))

writeFileSync('dist/image.cdx.json', JSON.stringify(billOfMaterials(bundled, packages), undefined, 2) + '\n')

const bytes = globSync('{system,programs}/**', { cwd: FOLDER }).map((path) => lstatSync(join(FOLDER, path)).size)
  .reduce((sum, size) => sum + size)
console.log(`${FOLDER}: ${(bytes / 1e6).toFixed(1)} MB`)

function write (file: string, content: string | Buffer): void {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, content)
}

function copy (from: string, to: string, mode: number): void {
  mkdirSync(dirname(to), { recursive: true })
  copyFileSync(from, to)
  chmodSync(to, mode)
}
