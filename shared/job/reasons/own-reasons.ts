import type { Meaning } from './meaning.ts'

const WAITS = ['pending'] as const
const FAILED = ['failed'] as const

/** The reasons that the functions give by themselves. A reason that is not among them does not compile. */
export const ownReasons = {
  BackoffLimitExceeded: {
    states: FAILED,
    means: 'The workload ended with an exit code other than 0, as often as the template allows.',
    todo: 'Its log may say why.'
  },
  CancelRequested: {
    states: ['accepted', 'pending', 'running', 'canceled'],
    means: 'A request canceled the job.',
    todo: ''
  },
  ContainerFailed: {
    states: FAILED,
    means: 'A container beside the workload failed.',
    todo: 'Its last lines are at the end of the log.'
  },
  DeadlineExceeded: {
    states: FAILED,
    means: 'The job took longer than activeDeadlineSeconds of its template.',
    todo: 'Raise it in the template, or let the job do less.'
  },
  Failed: {
    states: FAILED,
    means: 'The Job failed, and Kubernetes does not say why.',
    todo: 'Its log may say why.'
  },
  FailedCreate: {
    states: WAITS,
    means: 'Kubernetes has made no pod for the Job.',
    todo: 'Pod Security, a LimitRange or a quota may refuse it; the operator sees the cause with kubectl describe job.'
  },
  InitContainerFailed: {
    states: FAILED,
    means: 'An init container failed, so the workload did not start.',
    todo: 'Its last lines are in the log.'
  },
  InvalidAsset: {
    states: FAILED,
    means: 'The asset of a transfer names no usable template, or has variables that the template does not accept.',
    todo: 'Correct the asset at the connector, or the table of connectors.'
  },
  InvalidDestination: {
    states: FAILED,
    means: 'The results of a transfer cannot be pushed to the address that the consumer gave.',
    todo: 'Start another transfer, with another destination.'
  },
  JobDeleted: {
    states: ['pending', 'running', 'lost'],
    means: 'The Job is gone or being deleted, and not by this installation, before its end was seen. After a restart, the ' +
      'local host has none of its earlier Jobs.',
    todo: 'Start the job again.'
  },
  KubernetesUnavailable: {
    states: ['accepted', 'failed'],
    means: 'Kubernetes did not confirm that it has the Job, so the job was given up.',
    todo: 'Start the job again.'
  },
  OOMKilled: {
    states: FAILED,
    means: 'The workload used more memory than its limit.',
    todo: 'Raise resources.limits.memory in the template, or let the program use less.'
  },
  QuotaExceeded: {
    states: ['accepted'],
    means: 'The quota of the namespace has no room for the Job. Every ping tries again, until the start deadline.',
    todo: 'Wait until other jobs have ended; the operator may raise the quota.'
  },
  RejectedByKubernetes: {
    states: FAILED,
    means: 'The API server refused the Job after the job had been accepted.',
    todo: 'Correct the template as the message says.'
  },
  ResultsIncomplete: {
    states: FAILED,
    means: 'The workload ended well, but not every file of the result folder is stored.',
    todo: 'The stored files are kept, and results.left_out names the others.'
  },
  StartDeadlineExceeded: {
    states: ['accepted', 'pending', 'failed'],
    means: 'The workload did not start in time.',
    todo: 'Remove what it waited for, or raise gx4ki.io/start-deadline-seconds in the template.'
  },
  StartError: {
    states: FAILED,
    means: 'A container could not start: its command, or a file that it needs, is not in the image.',
    todo: 'Check its image and its command in the template.'
  },
  Suspended: {
    states: ['pending', 'running'],
    means: 'The Job is suspended: it waits in its queue, or the queue needs its place.',
    todo: 'If it stays so, check that its queue exists and has room, and what has set spec.suspend.'
  },
  TemplateUnusable: {
    states: ['accepted'],
    means: 'The template of the job is missing or refused. Every ping tries again, until the start deadline.',
    todo: 'Put the template back to start the job.'
  },
  TransferEnded: {
    states: ['accepted', 'pending', 'running', 'canceled'],
    means: 'The transfer of the connector ended, so nothing needs the results.',
    todo: ''
  }
} as const satisfies Record<string, Meaning>
