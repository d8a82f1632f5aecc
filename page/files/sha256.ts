/**
 * SHA-256 (FIPS 180-4), in steps. The browser's own needs a file in memory as a whole, and there is none on a page that
 * came over plain http.
 */
export function sha256 () {
  const state = Uint32Array.from(START)
  const block = new Uint8Array(64)
  const words = new Uint32Array(64)
  let used = 0
  let length = 0

  return {
    update (bytes: Uint8Array) {
      length += bytes.length
      for (let at = 0; at < bytes.length;) {
        if (used === 0 && bytes.length - at >= 64) {
          compress(state, words, bytes, at)
          at += 64
          continue
        }
        const taken = Math.min(64 - used, bytes.length - at)
        block.set(bytes.subarray(at, at + taken), used)
        used += taken
        at += taken
        if (used === 64) {
          compress(state, words, block, 0)
          used = 0
        }
      }
      return this
    },
    bytes (): Uint8Array {
      const bits = new DataView(new ArrayBuffer(8))
      bits.setBigUint64(0, BigInt(length) * 8n)
      const zeros = (119 - used) % 64
      this.update(Uint8Array.of(0x80)).update(new Uint8Array(zeros)).update(new Uint8Array(bits.buffer))
      const digest = new DataView(new ArrayBuffer(32))
      state.forEach((word, i) => digest.setUint32(i * 4, word))
      return new Uint8Array(digest.buffer)
    },
    hex (): string {
      return [...this.bytes()].map((byte) => byte.toString(16).padStart(2, '0')).join('')
    }
  }
}

const PRIMES = primes(64)
/** The first 32 bits of the fractional parts of roots of the first primes. */
const K = Uint32Array.from(PRIMES, (prime) => fraction(Math.cbrt(prime)))
const START = Uint32Array.from(PRIMES.slice(0, 8), (prime) => fraction(Math.sqrt(prime)))

function fraction (root: number): number {
  return (root - Math.floor(root)) * 2 ** 32
}

function primes (count: number): number[] {
  const found: number[] = []
  for (let n = 2; found.length < count; n++) if (found.every((prime) => n % prime !== 0)) found.push(n)
  return found
}

function compress (
  state: Uint32Array,
  w: Uint32Array,
  bytes: Uint8Array,
  at: number
): void {
  for (let i = 0; i < 16; i++, at += 4) {
    w[i] = bytes[at]! << 24 | bytes[at + 1]! << 16 | bytes[at + 2]! << 8 | bytes[at + 3]!
  }
  for (let i = 16; i < 64; i++) {
    const x = w[i - 15]!
    const y = w[i - 2]!
    const s0 = (x >>> 7 | x << 25) ^ (x >>> 18 | x << 14) ^ x >>> 3
    const s1 = (y >>> 17 | y << 15) ^ (y >>> 19 | y << 13) ^ y >>> 10
    w[i] = w[i - 16]! + s0 + w[i - 7]! + s1
  }
  let [a, b, c, d, e, f, g, h] = state as unknown as [number, number, number, number, number, number, number, number]
  for (let i = 0; i < 64; i++) {
    const s1 = (e >>> 6 | e << 26) ^ (e >>> 11 | e << 21) ^ (e >>> 25 | e << 7)
    const one = h + s1 + (e & f ^ ~e & g) + K[i]! + w[i]! | 0
    const s0 = (a >>> 2 | a << 30) ^ (a >>> 13 | a << 19) ^ (a >>> 22 | a << 10)
    const two = s0 + (a & b ^ a & c ^ b & c) | 0
    h = g
    g = f
    f = e
    e = d + one | 0
    d = c
    c = b
    b = a
    a = one + two | 0
  }
  const added = [a, b, c, d, e, f, g, h]
  for (let i = 0; i < 8; i++) state[i]! += added[i]!
}
