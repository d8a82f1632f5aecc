/** A number of JSON: its digits before and after the point, and its exponent. */
const NUMBER = /^-?(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/

/** Whether a number of JSON is an integer. `JSON.parse` would make one of `2.0000000000000000001` and of `1e-400`. */
export function isWhole (text: string): boolean {
  const [, whole, fraction = '', exponent = '0'] = NUMBER.exec(text) ?? []
  if (whole === undefined) return false
  const digits = whole + fraction
  let end = digits.length
  while (end > 0 && digits[end - 1] === '0') end--
  const fractionDigits = fraction.length - Number(exponent) - (digits.length - end)
  return end === 0 || fractionDigits <= 0
}
