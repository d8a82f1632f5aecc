/**
 * Loaded before dist/result-upload.cjs: files over 16 MiB go in parts of 8 MiB, instead of those over 1 GiB in parts of
 * 64 MiB. Otherwise each run would need many GiB to have some parts.
 */
const Module = require('node:module')

const compile = Module.prototype._compile
Module.prototype._compile = function (content, filename, ...rest) {
  const isIt = filename.endsWith('/dist/result-upload.cjs')
  return compile.call(this, isIt ? withSmallParts(content) : content, filename, ...rest)
}

function withSmallParts (content) {
  const small = content.replace(
    /\blargestPut: ?[\w$]+,\s*smallestPart: ?[\w$]+/,
    `largestPut:${16 * 2 ** 20},smallestPart:${8 * 2 ** 20}`
  )
  if (small === content) throw new Error('result-upload.cjs has no largestPut and smallestPart any more')
  return small
}
