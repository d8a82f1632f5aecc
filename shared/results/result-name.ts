import { Type } from 'typebox'
import { LONGEST_NAME } from './wrong-name.ts'

export const ResultName = Type.String({
  minLength: 1,
  maxLength: LONGEST_NAME,
  pattern: '^(?!(.*/)?\\.{0,2}(/|$))[^\\u0000-\\u001f\\u007f\\\\]+$',
  'x-message': 'must be relative, without empty, . or .. parts, backslashes and control characters',
  description: 'The name of a result file, relative to the result folder, sub-folders with /'
})
