import { Type } from 'typebox'

export const Tail = Type.Optional(Type.Integer({
  minimum: 0,
  maximum: 100_000,
  description: 'Begin with so many of the last lines'
}))
