/** Whether a name is the pattern, or fits it: `*` and `?` stay within a folder, `**` does not. */
export function fits (name: string, pattern: string): boolean {
  return name === pattern || expressionOf(pattern).test(name)
}

function expressionOf (pattern: string): RegExp {
  const source = pattern.replace(/\*\*\/|\*\*|\*|\?|[^]/gu, (part) => {
    if (part === '**/') return '(?:.*/)?'
    if (part === '**') return '.*'
    if (part === '*') return '[^/]*'
    return part === '?' ? '[^/]' : part.replace(/[\\^$.|+()[\]{}/-]/g, '\\$&')
  })
  return new RegExp(`^${source}$`, 'su')
}
