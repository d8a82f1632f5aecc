import { Type } from 'typebox'

/** The number of entries on a page, unless the caller sets a limit. */
export const PAGE = 100
export const Limit = Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, default: PAGE }))
export const Cursor = Type.Union([Type.String(), Type.Null()], {
  description: 'The cursor of the next page; null on the last page'
})
