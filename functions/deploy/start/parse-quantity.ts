const FACTORS: Record<string, number> = {
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
}

/**
 * The bytes of a quantity of storage, such as `10Gi` or `1e9`. Throws for what is none.
 * https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
 */
export function parseQuantity (quantity: string | number): number {
  const [, number, suffix = ''] = /^(\d+(?:\.\d*)?(?:[eE]\d+)?)([A-Za-z]*)$/.exec(String(quantity)) ?? []
  const factor = FACTORS[suffix]
  if (number === undefined || factor === undefined) throw new Error(`${quantity} is no quantity of storage such as 10Gi`)
  return Number(number) * factor
}
