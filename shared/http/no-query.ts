import { Type } from 'typebox'

/** The query of a route that takes none. A parameter that does nothing would be a mistake that nobody sees. */
export const NoQuery = Type.Object({}, { additionalProperties: false })
