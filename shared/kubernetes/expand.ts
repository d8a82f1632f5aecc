/**
 * Replaces each `$(NAME)` by the value of the variable, as a kubelet does: `$$` is a `$`, and a reference to a variable
 * that is not known stays as it is. Values are not expanded again.
 * https://github.com/kubernetes/kubernetes/blob/v1.34.0/third_party/forked/golang/expansion/expand.go
 */
export function expand (text: string, values: Record<string, string>): string {
  return text.replace(/\$(?:\$|\(([^)]*)\))/g, (found, name?: string) => {
    if (name === undefined) return '$'
    return Object.hasOwn(values, name) ? values[name]! : found
  })
}
