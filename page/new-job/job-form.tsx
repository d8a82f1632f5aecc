import { useEffect, useMemo, useState } from 'preact/hooks'
import { sendJson } from '../api/ask.ts'
import type { Job, Template } from '../api/shapes.ts'
import { go } from '../current-route.ts'
import { shortId } from '../jobs/job-row.tsx'
import { useAction } from '../show/use-action.ts'
import { keepTyped, typedBefore } from '../sign-in/typed.ts'
import { commandLine } from './command-line.ts'
import { DotenvFile } from './dotenv-file.tsx'
import { EnvField } from './env-field.tsx'
import { ErrorSummary } from './error-summary.tsx'
import { errorsByField } from './errors-by-field.ts'
import { fieldGroups, initialValues, type Values, valuesToSend, withoutSecrets, withValue } from './form-values.ts'
import { PlainField } from './plain-field.tsx'
import { requestKeys } from './request-key.ts'

interface FormOptions {
  template: Template
  earlier: Job | undefined
}

/** What survives the way to the issuer and back. */
interface Typed {
  values: Values
  callbackUrl: string
  queue: string
}

/** The form of a template. What it sends, the API checks; a refused request leaves every value where it is. */
export function JobForm ({ template, earlier }: FormOptions) {
  const before = useMemo(() => typedBefore<Typed>(), [])
  const [values, setValues] = useState(() => ({ ...initialValues(template, earlier?.env), ...before?.values }))
  const [callbackUrl, setCallbackUrl] = useState(before?.callbackUrl ?? '')
  const [queue, setQueue] = useState(before?.queue ?? '')
  const keyOf = useMemo(requestKeys, [])
  useEffect(
    () => keepTyped((): Typed => ({ values: withoutSecrets(template, values), callbackUrl, queue })),
    [values, callbackUrl, queue]
  )

  const { properties } = template.env
  const secret = Object.keys(properties).filter((name) => properties[name]!.writeOnly === true)
  const { needed, others, unknown } = fieldGroups(template, values)
  const body = {
    template: template.name,
    env: valuesToSend(template, values),
    ...(queue !== '' && { queue }),
    ...(callbackUrl !== '' && { callback: { url: callbackUrl } })
  }
  const { run, isRunning, error } = useAction(async () => {
    const { job_uuid: id } = await sendJson<{ job_uuid: string }>('POST', '/job/deploy', body, {
      'idempotency-key': `"${keyOf(body)}"`
    })
    go({ view: 'job', id })
  })
  const messages = new Map(errorsByField(error).map(({ field, message }) => [field, message]))

  function fieldsOf (names: string[]) {
    return names.map((name) => (
      <EnvField
        key={name}
        name={name}
        variable={properties[name]!}
        value={values[name]}
        isRequired={needed.includes(name)}
        error={messages.get(`env.${name}`)}
        change={(value) => setValues((all) => withValue(all, name, value))}
      />
    ))
  }

  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault()
        run()
      }}
    >
      {earlier !== undefined && (
        <p class='box'>
          The values of job {shortId(earlier.job_uuid)}.
          {secret.length > 0 && ` Secret ones are not known any more: ${secret.join(', ')}.`}
        </p>
      )}
      {before !== undefined && secret.length > 0 &&
        <p class='box'>Secret values are not kept while you sign in: {secret.join(', ')}.</p>}
      {error !== undefined && <ErrorSummary error={error} />}
      <DotenvFile fill={(given) => setValues((all) => ({ ...all, ...given }))} />
      {fieldsOf(needed)}
      {fieldsOf(others)}
      {unknown.map((name) => (
        <UnknownField key={name} name={name} error={messages.get(`env.${name}`)} remove={() => setValues(withValue(values, name, undefined))} />
      ))}
      <details open={queue !== '' || callbackUrl !== '' || undefined}>
        <summary>Callback and queue</summary>
        <PlainField
          field='callback.url'
          label='Callback'
          help='A URL that hears when the job has ended'
          value={callbackUrl}
          error={messages.get('callback.url') ?? messages.get('callback')}
          change={setCallbackUrl}
        />
        <PlainField
          field='queue'
          label='Queue'
          help='The Kueue queue in which the job waits, if the cluster has some'
          value={queue}
          error={messages.get('queue')}
          change={setQueue}
        />
      </details>
      <button type='submit' class='main' aria-disabled={isRunning}>{isRunning ? 'Sending …' : 'Run'}</button>
      <details>
        <summary>The same on the command line</summary>
        <pre class='preview'>{commandLine(body, secret)}</pre>
      </details>
    </form>
  )
}

interface UnknownOptions {
  name: string
  error: string | undefined
  remove: () => void
}

/** A variable from a dotenv file that the template does not have. */
function UnknownField ({ name, error, remove }: UnknownOptions) {
  return (
    <p class='box warn'>
      <code>{name}</code> {error ?? 'is not among the variables of this template.'}{' '}
      <button id={`field-env.${name}`} type='button' onClick={remove}>Remove {name}</button>
    </p>
  )
}
