import { Type } from 'typebox'

export const publicUrlSettings = {
  PUBLIC_URL: Type.String({
    default: '',
    pattern: '^(https?://[^?#\\s]*[^?#\\s/])?$',
    description: 'The URL at which callers reach the API, without a slash at the end; it is in links, and in the OpenAPI document'
  })
}
