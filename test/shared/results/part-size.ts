import t from 'tap'
import {
  countParts,
  LARGEST_FILE,
  MOST_PARTS,
  partSize,
  SMALLEST_PART,
  sizeOfPart
} from '../../../shared/results/part-size.ts'

const GIB = 2 ** 30
/** S3 takes no larger part. */
const LARGEST_PART = 5 * GIB

await t.test('files from 64 MiB to 5 TiB fit into as many parts as S3 takes, of sizes that it takes', async (t) => {
  for (
    const size of [SMALLEST_PART + 1, 5 * GIB, 5 * GIB + 1, 625 * GIB, 625 * GIB + 1, 1024 * GIB - 7, LARGEST_FILE]
  ) {
    const file = { size, part_size: partSize(size, SMALLEST_PART) }
    const parts = countParts(file)
    t.ok(parts <= MOST_PARTS, `${size} bytes are ${parts} parts`)
    t.ok(file.part_size >= SMALLEST_PART && file.part_size <= LARGEST_PART, `of ${file.part_size} bytes`)
    const sizes = Array.from({ length: parts }, (_, at) => sizeOfPart(file, at + 1))
    t.equal(sizes.reduce((sum, part) => sum + part, 0), size, 'that sum up to the file')
    t.ok(sizes.every((part) => part > 0), 'none of them empty')
    t.equal(sizeOfPart(file, parts + 1), 0, 'and then comes nothing')
  }
})

await t.test('parts stay small as long as they can', async (t) => {
  t.equal(partSize(5 * GIB, SMALLEST_PART), SMALLEST_PART)
  t.equal(partSize(LARGEST_FILE, SMALLEST_PART), 525 * 2 ** 20)
})
