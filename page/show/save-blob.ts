/** Lets the browser save bytes as a file of this name. */
export function saveBlob (blob: Blob, name: string): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(blob)
  link.download = name
  link.click()
  // The browser reads the bytes after the click, at its own time.
  setTimeout(() => URL.revokeObjectURL(link.href), 600_000)
}
