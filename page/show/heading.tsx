import type { ComponentChildren } from 'preact'
import { useEffect, useRef } from 'preact/hooks'

let isFirst = true

/** The heading of a view. It gets the focus when the view changes, so that a screen reader says where it is. */
export function Heading ({ children }: { children: ComponentChildren }) {
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    if (!isFirst) heading.current?.focus()
    isFirst = false
  }, [])
  return <h1 ref={heading} tabIndex={-1}>{children}</h1>
}
