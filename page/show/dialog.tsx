import type { ComponentChildren } from 'preact'
import { useEffect, useRef } from 'preact/hooks'

interface DialogOptions {
  title: string
  close: () => void
  children: ComponentChildren
}

/** A modal dialog: the browser keeps the focus in it, and Esc closes it. */
export function Dialog ({ title, close, children }: DialogOptions) {
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => dialog.current?.showModal(), [])
  return (
    <dialog ref={dialog} onClose={close} aria-labelledby='dialog-title'>
      <h2 id='dialog-title'>{title}</h2>
      {children}
    </dialog>
  )
}
