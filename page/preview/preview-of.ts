import type { ResultFile } from '../api/shapes.ts'

export type PreviewKind = 'image' | 'json' | 'text' | 'recording'

/** The image types that a browser shows. As an image, an SVG can neither run a script nor load anything. */
const IMAGES = ['image/png', 'image/jpeg', 'image/gif', 'image/webp', 'image/avif', 'image/bmp', 'image/svg+xml']
const TEXTS = /\.(txt|log|md|csv|tsv|ya?ml|xml|xosc|xodr|ini|toml|cfg|conf|py|sh|env|jsonl)$/i
const MOST_BYTES = 20_000_000
const SMALL = 1_000_000

/** How a file can be looked at in the page; `undefined` if it can only be downloaded. */
export function previewOf ({ name, size, content_type: type }: ResultFile): PreviewKind | undefined {
  const plain = withoutParameters(type)
  if (size === 0) return undefined
  if (IMAGES.includes(plain)) return size <= MOST_BYTES ? 'image' : undefined
  if (/\.mcap$/i.test(name)) return 'recording'
  // Other than text, half of a JSON document is of no use.
  if (plain === 'application/json') return size <= 2_000_000 ? 'json' : 'text'
  // An HTML report is shown as its source.
  if (plain.startsWith('text/') || TEXTS.test(name)) return 'text'
  return undefined
}

/**
 * Small pictures are shown at once, if their headers tell how many pixels they have. A short SVG can say more than a
 * browser can draw: it is shown to visitors who ask for it.
 */
export function isShownAtOnce ({ size, content_type: type }: ResultFile): boolean {
  return ['image/png', 'image/jpeg'].includes(withoutParameters(type)) && size > 0 && size <= SMALL
}

function withoutParameters (type: string): string {
  return type.split(';')[0]!.trim()
}
