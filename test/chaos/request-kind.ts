/** The kind of a request to the store: its method, the first part of the key, and what it is about. */
export function storeRequestKind (method: string, url: string): string {
  const { pathname, searchParams } = new URL(url, 'http://store')
  const [, , place = ''] = pathname.split('/')
  const about = ['uploads', 'uploadId', 'tagging', 'list-type'].filter((name) => searchParams.has(name))
  const prefix = searchParams.get('prefix')?.split('/')[0]
  return [method, place || (prefix ?? 'bucket'), ...about].join(' ')
}

/** The kind of a request to the API server: its method, its resource, and whether it is about one object or its log. */
export function kubernetesRequestKind (method: string, url: string): string {
  const [, resource = 'other', name, log] =
    /\/namespaces\/[^/]+\/([a-z]+)(?:\/([^/?]+))?(\/log)?/.exec(url.split('?')[0]!) ?? []
  return [method, resource, ...(log ? ['log'] : name ? ['one'] : [])].join(' ')
}

/** The kind of a request of an uploader to result-upload: its method and its route. */
export function uploadRequestKind (method: string, url: string): string {
  const [, route = 'other'] = /\/attempt\/[^/]+\/([^?]+)/.exec(url) ?? []
  return `${method} ${route}`
}
