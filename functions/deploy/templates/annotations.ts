import { Type } from 'typebox'

/** The annotations of a template's Job manifest. The rest of the manifest is plain Kubernetes. */
export const PREFIX = 'gx4ki.io/'
export const DESCRIPTION = 'gx4ki.io/description'
export const ENV = 'gx4ki.io/env'
export const RESULTS = 'gx4ki.io/results'
export const RESULT = 'gx4ki.io/result'
export const START_DEADLINE = 'gx4ki.io/start-deadline-seconds'
export const RETENTION = 'gx4ki.io/retention'
export const NEWER_FIELDS = 'gx4ki.io/newer-fields'

export const Annotations = Type.Object({
  [DESCRIPTION]: Type.String({ pattern: '\\S', 'x-message': 'must be a text that is not empty' }),
  [ENV]: Type.Optional(Type.String()),
  // A block of YAML text ends with a newline.
  [RESULTS]: Type.String({
    pattern: '^\\s*/[^\\x00-\\x1f\\x7f]*\\s*$',
    'x-message': 'must be an absolute path without control characters'
  }),
  [RESULT]: Type.Optional(Type.String()),
  [START_DEADLINE]: Type.Optional(Type.String({ pattern: '^[1-9][0-9]{0,7}$' })),
  [RETENTION]: Type.Optional(Type.String()),
  [NEWER_FIELDS]: Type.Optional(Type.String())
})
