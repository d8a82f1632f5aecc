import { foreignCharset } from '../http/bodies/check-charset.ts'

/** A media type with its parameters (RFC 9110, 8.3.1). */
export const MEDIA_TYPE = (() => {
  const token = "[!#$%&'*+.^_`|~0-9A-Za-z-]+"
  return `^${token}/${token}([ \\t]*;[ \\t]*(${token}=(${token}|"([^"\\\\]|\\\\.)*"))?)*[ \\t]*$`
})()

/** Whether data of this media type are JSON: `application/json`, `text/json` or any type that ends with `+json`. */
export function isJson (mediaType: string): boolean {
  return /^[^/;]+\/([^;]*\+)?json$/i.test(essenceOf(mediaType))
}

/** Whether data of this media type are text in UTF-8, as far as the media type says. */
export function isText (mediaType: string): boolean {
  return /^text\//i.test(essenceOf(mediaType)) && foreignCharset(mediaType) === undefined
}

function essenceOf (mediaType: string): string {
  return mediaType.split(';')[0]!.trim()
}
