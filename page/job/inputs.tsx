/** The variables of the job. The API leaves out secret ones. */
export function Inputs ({ env }: { env: Record<string, string> }) {
  const entries = Object.entries(env)
  if (entries.length === 0) return null
  return (
    <details>
      <summary>Inputs ({entries.length})</summary>
      <table>
        <caption class='unseen'>Variables of the job</caption>
        <thead><tr><th scope='col'>Name</th><th scope='col'>Value</th></tr></thead>
        <tbody>
          {entries.map(([name, value]) => (
            <tr key={name}><th scope='row'>{name}</th><td><code class='value'>{value}</code></td></tr>
          ))}
        </tbody>
      </table>
    </details>
  )
}
