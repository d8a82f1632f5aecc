const FACTORS = new Map(Object.entries({
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60
}))

/** A number with an exponent or with a suffix, not with both: `1E3` is a thousand, `1E` is 10^18. */
const QUANTITY = /^\+?(\d+\.?\d*|\.\d+)(?:([eE][+-]?\d+)|([A-Za-z]*))$/

/**
 * The bytes of a quantity of storage, such as `10Gi` or `1e9`; Kubernetes rounds them up. Throws for what is none, and
 * for a negative one.
 * https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
 */
export function parseQuantity (quantity: unknown): number {
  const [, number, exponent = '', suffix = ''] = QUANTITY.exec(String(quantity)) ?? []
  const factor = FACTORS.get(suffix)
  if (number === undefined || factor === undefined || !['string', 'number'].includes(typeof quantity)) {
    throw new Error(`${JSON.stringify(quantity)} is no quantity of storage such as 10Gi`)
  }
  return Math.ceil(Number(number + exponent) * factor)
}
