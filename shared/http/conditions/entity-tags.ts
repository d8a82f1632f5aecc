export interface EntityTag {
  isWeak: boolean
  /** The text between the quotes. */
  opaque: string
}

/** One member of a list, which may be empty (RFC 9110: entity-tag 8.8.3, lists 5.6.1). */
const MEMBER = /[ \t]*(?:(W\/)?"([\x21\x23-\x7e\x80-\xff]*)")?[ \t]*(?:,|$)/y

/** The entity tags in a header. None if any part of it is not an entity tag: such a header names no representation. */
export function entityTagsIn (field: string): EntityTag[] {
  const tags: EntityTag[] = []
  for (let at = 0; at < field.length;) {
    MEMBER.lastIndex = at
    const member = MEMBER.exec(field)
    if (member === null) return []
    const [all, weak, opaque] = member
    if (opaque !== undefined) tags.push({ isWeak: weak !== undefined, opaque })
    at += all.length
  }
  return tags
}
