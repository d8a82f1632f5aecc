/**
 * Reads the metrics of a function as Prometheus does. Returns a function that looks up a value by name and labels; a
 * series that does not exist has the value 0.
 */
export async function scrape (
  url: string,
  path = '/metrics',
  headers: Record<string, string> = {}
): Promise<(name: string, labels?: Record<string, string>) => number> {
  const response = await fetch(url + path, { headers })
  if (!response.ok) throw new Error(`GET ${path}: ${response.status} ${await response.text()}`)
  const lines = (await response.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  const samples = new Map(lines.map((line) => {
    const [, series = '', value] = /^(.*) (\S+)$/.exec(line)!
    return [series, Number(value)]
  }))
  return (name, labels = {}) => {
    const inside = Object.entries(labels).map(([label, value]) => `${label}="${value}"`).join(',')
    return samples.get(inside === '' ? name : `${name}{${inside}}`) ?? 0
  }
}
