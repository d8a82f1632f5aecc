/** More of them take too much memory, however small the file is. */
export const MOST_PIXELS = 50_000_000

/** How many pixels a PNG or JPEG has, from its headers; `undefined` for other bytes. */
export function pixelsOf (bytes: Uint8Array): number | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (view.byteLength >= 24 && view.getUint32(0) === 0x89504e47) return view.getUint32(16) * view.getUint32(20)
  if (view.byteLength < 4 || view.getUint16(0) !== 0xffd8) return undefined
  for (let at = 2; at + 9 <= view.byteLength; at += 2 + view.getUint16(at + 2)) {
    const marker = view.getUint16(at)
    if (marker < 0xff00) return undefined
    // The frame headers, between which lie three markers of other segments.
    if (marker >= 0xffc0 && marker <= 0xffcf && ![0xffc4, 0xffc8, 0xffcc].includes(marker)) {
      return view.getUint16(at + 5) * view.getUint16(at + 7)
    }
  }
  return undefined
}
