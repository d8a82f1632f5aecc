import { isRefusal } from '../api/refusal.ts'

/** What went wrong, and one way out. */
export function Failure ({ error, again }: { error: Error, again?: (() => void) | undefined }) {
  const { title, detail, trace_id: trace } = isRefusal(error)
    ? error.problem
    : { title: 'Something went wrong', detail: error.message, trace_id: undefined }
  return (
    <div class='box bad' role='alert'>
      <strong>{title}</strong>
      <p>{detail}</p>
      {trace !== undefined && <p class='quiet'>Id in the log of the functions: <code>{trace}</code></p>}
      {again !== undefined && <button type='button' onClick={again}>Try again</button>}
    </div>
  )
}
