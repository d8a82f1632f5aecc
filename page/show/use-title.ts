import { useEffect } from 'preact/hooks'

export function useTitle (title: string): void {
  useEffect(() => {
    document.title = `${title} – gx4ki jobs`
  }, [title])
}
