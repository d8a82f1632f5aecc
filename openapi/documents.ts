import { deploy } from '../functions/deploy/app.ts'
import { jobCompleted } from '../functions/job-completed/app.ts'
import { jobWatch } from '../functions/job-watch/app.ts'
import { resultFetch } from '../functions/result-fetch/app.ts'
import { resultUpload } from '../functions/result-upload/app.ts'
import { isForCallers } from './operation-of.ts'
import type { DocumentPlan } from './make-document.ts'

/** The routes are only looked at and never called, so the functions need nothing that they work with. */
const nothing = {} as never

const bearer = (description: string) => ({ type: 'http', scheme: 'bearer', description })

const sender = {
  sender: bearer('The token of an event sender, for EVENTS_OIDC_AUDIENCE; only if the installation has this setting')
}

/** Every document, by the name of its file. The document for callers covers three functions; the others, one each. */
export const documents: Record<string, DocumentPlan> = {
  callers: {
    title: 'gx4ki-jobs',
    description:
      'Runs long jobs for a data space: deploy a job, be told when it is done, get its files back byte for byte. ' +
      'Errors are problems (RFC 9457) with a stable `type`. Any request may get a 408, 413 or 431 if it is too slow or ' +
      'too large.',
    plugins: [deploy(nothing), resultFetch(nothing), jobWatch(nothing)],
    takes: isForCallers,
    tags: {
      jobs: 'Deploy jobs, watch them, cancel them and keep them longer',
      results: 'The files of a job and its log',
      callbacks: 'What receivers were told about a job',
      templates: 'What jobs can be made from'
    },
    securitySchemes: {
      caller: bearer('An API key, or a token of the OIDC issuer of the installation. Each operation names its scope; ' +
        'the scope `admin` permits all of them, for the jobs of all owners'),
      result: bearer('The token for the results of one job, which a connector passes to a consumer')
    }
  },
  deploy: {
    title: 'gx4ki-jobs: deploy',
    description:
      'What the function deploy takes from dataspace connectors and from the Broker. `/openapi.json` of the entry point ' +
      'describes its routes for callers.',
    plugins: [deploy(nothing)],
    takes: (route) => !isForCallers(route),
    tags: {
      connectors: 'Signals from a dataspace connector',
      events: 'CloudEvents'
    },
    securitySchemes: { connector: bearer('The endpoint key of a connector'), ...sender }
  },
  'job-completed': {
    title: 'gx4ki-jobs: job-completed',
    description: 'Updates job records when Jobs change, and makes callbacks. Reachable only inside the cluster.',
    plugins: [jobCompleted(nothing)],
    tags: { events: 'CloudEvents' },
    securitySchemes: sender
  },
  'result-upload': {
    title: 'gx4ki-jobs: result-upload',
    description: 'Grants the uploader of a job the uploads of its results. Reachable only for the pods of jobs.',
    plugins: [resultUpload(nothing)],
    tags: { uploads: 'The results of one pod of a job' },
    securitySchemes: { job: bearer('The token that deploy gave the job; good until the job ends') }
  }
}
