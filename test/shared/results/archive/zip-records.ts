import t from 'tap'
import { zip } from '../../../../shared/results/archive/zip.ts'
import { dataDescriptor, directoryEntry, endOfZip, localHeader } from '../../../../shared/results/archive/zip-records.ts'

const mtime = new Date('2026-05-05T05:05:05Z')
const MIB = 2 ** 20
const GIB = 2 ** 30

/** The value of the first Zip64 field (id 1) in the extra fields of a record. */
function zip64In (extra: Buffer): bigint[] | undefined {
  for (let at = 0; at < extra.length; at += 4 + extra.readUInt16LE(at + 2)) {
    const size = extra.readUInt16LE(at + 2)
    if (extra.readUInt16LE(at) !== 1) continue
    return Array.from({ length: size / 8 }, (_, index) => extra.readBigUInt64LE(at + 4 + 8 * index))
  }
  return undefined
}

await t.test('a small file has its CRC before its bytes, a large one after them', (t) => {
  const small = localHeader({ name: 'ü', size: 5 }, mtime, 0xdeadbeef)
  t.equal(small.readUInt16LE(6), 0x0800, 'only the flag of UTF-8')
  t.equal(small.readUInt32LE(14), 0xdeadbeef)
  t.same([small.readUInt32LE(18), small.readUInt32LE(22)], [5, 5])
  t.equal(dataDescriptor({ name: 'ü', size: 5 }, 1).length, 0)
  const large = localHeader({ name: 'ü', size: MIB }, mtime, 0)
  t.equal(large.readUInt16LE(6), 0x0808)
  t.same([large.readUInt32LE(14), large.readUInt32LE(18), large.readUInt32LE(22)], [0, 0, 0])
  const after = dataDescriptor({ name: 'ü', size: MIB }, 0xdeadbeef)
  t.same([0, 4, 8, 12].map((at) => after.readUInt32LE(at)), [0x08074b50, 0xdeadbeef, MIB, MIB])
  t.equal(after.length, 16)
  t.end()
})

await t.test('sizes and offsets from 4 GiB on are in the fields of Zip64', (t) => {
  for (
    const [size, isZip64] of [[4 * GIB - 2, false], [4 * GIB - 1, true], [4 * GIB, true], [9 * GIB, true]] as const
  ) {
    const file = { name: 'a', size }
    const local = localHeader(file, mtime, 0)
    t.equal(local.readUInt16LE(4), isZip64 ? 45 : 20)
    t.same(zip64In(local.subarray(31)), isZip64 ? [BigInt(size), BigInt(size)] : undefined)
    t.equal(dataDescriptor(file, 0).length, isZip64 ? 24 : 16)
    const entry = directoryEntry(file, mtime, 1, 7)
    t.equal(entry.readUInt32LE(24), isZip64 ? 0xffffffff : size)
    t.same(zip64In(entry.subarray(47)), isZip64 ? [BigInt(size), BigInt(size)] : undefined)
    const behind = directoryEntry({ name: 'a', size: 1 }, mtime, 1, size)
    t.equal(behind.readUInt32LE(42), isZip64 ? 0xffffffff : size)
    t.same(zip64In(behind.subarray(47)), isZip64 ? [BigInt(size)] : undefined)
    t.equal(endOfZip(1, 47, size).length, isZip64 ? 98 : 22)
  }
  t.equal(endOfZip(0xfffe, 47, 0).length, 22)
  const many = endOfZip(70_000, 47, 9 * GIB)
  t.same(
    [many.readBigUInt64LE(24), many.readBigUInt64LE(32), many.readBigUInt64LE(48)],
    [70_000n, 70_000n, BigInt(9 * GIB)]
  )
  t.equal(many.readBigUInt64LE(56 + 8), BigInt(9 * GIB) + 47n, 'the locator leads to the record before it')
  t.equal(many.readUInt16LE(56 + 20 + 10), 0xffff)
  t.end()
})

await t.test('the size of an archive is the sum of its records, also over 4 GiB', async (t) => {
  for (
    const sizes of [
      [], [0], [5, MIB], [4 * GIB - 100, 1, 2], [5 * GIB, 5, 9 * GIB, MIB], Array(70_000).fill(3) as number[]
    ]
  ) {
    const files = sizes.map((size, at) => ({ name: `größe ${at}`, size }))
    const { add, total } = zip.measure()
    let sum = 0
    for (const file of files) {
      add(file)
      sum += zip.before(file, mtime, 1).length + file.size + zip.after(file, 1).length
    }
    async function * again () {
      yield * files
    }
    for await (const part of zip.end(again(), mtime, new Uint32Array(files.length))) sum += part.length
    t.equal(total(), sum, `${files.length} files`)
  }
})
