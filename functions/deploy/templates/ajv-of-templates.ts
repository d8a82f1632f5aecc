import type { Options } from 'ajv'
import { newAjv } from '../../../shared/schema/new-ajv.ts'
import { boundedPattern } from './bounded-pattern.ts'

/** For a schema from a template: its patterns have a time limit, and only own names count. */
export const optionsOfTemplates: Options = {
  allErrors: true,
  ownProperties: true,
  useDefaults: false,
  code: { regExp: boundedPattern }
}

/** It keeps the validators of the templates, which are compiled when they are read. */
export const ajvOfTemplates = newAjv(optionsOfTemplates)
