import { Type } from 'typebox'

/** How many a page of a list has, unless the caller says otherwise. */
export const PAGE = 100
export const Limit = Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, default: PAGE }))
export const Cursor = Type.Union([Type.String(), Type.Null()], {
  description: 'Give it as cursor for the next page; null on the last one'
})
