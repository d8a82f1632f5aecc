import { Type, type TSchema } from 'typebox'

const Text = Type.String()
const etag = '"abc"'

/** The headers of answers, as the OpenAPI documents describe them. `Cache-Control` is in every answer. */
const described = {
  'Accept-Encoding': ['Bodies of requests must be as this says (RFC 9110, 15.5.16)', Type.Literal('identity')],
  'Accept-Ranges': ['A request for a part of the file may follow', Type.Literal('bytes')],
  Allow: ['The methods of this path', Text],
  'Cache-Control': ['Whether the answer may be kept, and by whom', Text],
  'Content-Disposition': ['The name of the file', Text],
  'Content-Length': ['Bytes', Type.Integer({ minimum: 0 })],
  'Content-Range': ['The part that this is, or after a 416 the size of the file', Text],
  'Content-Security-Policy': ['A browser runs nothing in the file', Text],
  ETag: ['Changes with every change; for conditions', Type.String({ pattern: '^"[^"]*"$', examples: [etag] })],
  'Last-Modified': ['When the bytes were stored', Text],
  Link: ['The address of the job', Text],
  Location: ['The address of the job, or of the file', Text],
  'Preference-Applied': [
    'What of `Prefer` the answer respects: the seconds that it could wait, or a redirect',
    Type.String({ pattern: '^(wait=\\d+|redirect)$' })
  ],
  'Repr-Digest': ['The sha256 of the whole file (RFC 9530), also of a part', Type.String({ pattern: '^sha-256=:.*:$' })],
  'Retry-After': ['Seconds', Type.Integer({ minimum: 0 })],
  Vary: ['The headers of the request that the answer depends on', Text],
  'WWW-Authenticate': ['The challenge (RFC 6750)', Text],
  'X-Accel-Buffering': ['Proxies are to pass on each piece as it comes', Type.Literal('no')],
  'X-Content-Type-Options': ['The content type is not to be guessed', Type.Literal('nosniff')]
} satisfies Record<string, [description: string, schema: TSchema]>

export type HeaderName = keyof typeof described

export interface HeaderObject {
  description: string
  required?: true
  schema: TSchema
}

/** The Header Objects of an answer. A name that ends with `?` is of a header that not every such answer has. */
export function answerHeaders (...names: (HeaderName | `${HeaderName}?`)[]): Record<string, HeaderObject> {
  return Object.fromEntries(names.map((given) => {
    const name = given.replace(/\?$/, '') as HeaderName
    const [description, schema] = described[name]
    return [name, { description, ...name === given && { required: true as const }, schema }]
  }))
}
