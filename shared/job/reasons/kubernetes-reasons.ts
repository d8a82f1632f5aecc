import type { Meaning } from './meaning.ts'

const WAITS = ['pending'] as const
const FAILED = ['failed'] as const

/** What to do when the cluster took the pod away. */
export const START_AGAIN = 'It was not the fault of the program; start the job again.'
const CHECK_IMAGE = 'Check the name of the image in the template, and its pull secret.'

const LIMITS = 'the sizeLimit of the volume or limits.ephemeral-storage in the template, or let the program write less.'

/** What to do when a pod was evicted for what it wrote itself. */
export const WRITE_LESS = `Raise ${LIMITS}`

const TAKEN_AWAY = { states: ['running', 'failed'], todo: START_AGAIN } as const
const NOT_TAKEN = {
  states: FAILED,
  means: 'The node did not take the pod: it had changed since the pod was placed.',
  todo: 'Start the job again; if that happens often, the operator looks at the node.'
} as const
const NO_IMAGE = { states: WAITS, means: 'The image cannot be pulled.', todo: CHECK_IMAGE } as const

/**
 * The usual reasons that come from Kubernetes as they are. It has others, and a newer cluster may have more: then the
 * record has them with Kubernetes' own words only.
 */
export const kubernetesReasons = {
  ContainerCannotRun: {
    states: FAILED,
    means: 'A container could not start.',
    todo: 'Check its image and its command in the template.'
  },
  CrashLoopBackOff: {
    states: WAITS,
    means: 'A sidecar ends again and again, and the containers after it wait.',
    todo: 'The operator looks at the log of this container with kubectl logs.'
  },
  CreateContainerConfigError: {
    states: WAITS,
    means: 'A ConfigMap, a Secret or a key that the container names does not exist, or its image would run as root.',
    todo: 'Make it in the namespace of the jobs, or correct the template.'
  },
  CreateContainerError: {
    states: WAITS,
    means: 'The node cannot make the container.',
    todo: 'Check its mounts and its securityContext in the template.'
  },
  DeletionByPodGC: {
    ...TAKEN_AWAY,
    means: 'The node of the pod no longer exists.'
  },
  DeletionByTaintManager: {
    ...TAKEN_AWAY,
    means: 'The node got a taint that the pod does not tolerate, for example because it does not answer.'
  },
  ErrImageNeverPull: {
    states: WAITS,
    means: 'The image is not on the node, and imagePullPolicy is Never.',
    todo: 'Load the image onto the node, or change imagePullPolicy in the template.'
  },
  ErrImagePull: NO_IMAGE,
  Evicted: {
    states: ['running', 'failed'],
    means: 'The node had too little memory or disk, or the pod wrote more than it may; the message says which.',
    todo: `If the pod wrote more than it may, raise ${LIMITS} Otherwise start the job again.`
  },
  EvictionByEvictionAPI: {
    ...TAKEN_AWAY,
    means: 'A request evicted the pod, for example to drain its node.'
  },
  ImageInspectError: NO_IMAGE,
  ImagePullBackOff: NO_IMAGE,
  InvalidImageName: {
    states: WAITS,
    means: 'The name of the image is not valid.',
    todo: CHECK_IMAGE
  },
  NodeAffinity: NOT_TAKEN,
  NodeLost: {
    states: ['pending', 'running', 'failed'],
    means: 'The node of the pod does not answer.',
    todo: 'The job goes on, or fails, when the node is back or removed.'
  },
  OutOfcpu: NOT_TAKEN,
  OutOfmemory: NOT_TAKEN,
  OutOfpods: NOT_TAKEN,
  PodFailurePolicy: {
    states: FAILED,
    means: 'A rule of the podFailurePolicy of the template ended the Job; the message has the rule.',
    todo: 'Its log may say why.'
  },
  PreemptionByScheduler: {
    ...TAKEN_AWAY,
    means: 'A pod of a higher priority needed the place.'
  },
  RegistryUnavailable: NO_IMAGE,
  RunContainerError: {
    states: WAITS,
    means: 'The node cannot start the container.',
    todo: 'Check its image and its command in the template.'
  },
  SchedulingGated: {
    states: WAITS,
    means: 'The pod has a scheduling gate, and nothing has removed it yet.',
    todo: 'Check the controller that should remove it, or the template.'
  },
  SignatureValidationFailed: NO_IMAGE,
  Terminated: {
    ...TAKEN_AWAY,
    means: 'The node was shut down.'
  },
  TerminationByKubelet: {
    ...TAKEN_AWAY,
    means: 'The node ended the pod, because it was shut down or had too little memory or disk.'
  },
  UnexpectedAdmissionError: NOT_TAKEN,
  Unschedulable: {
    states: WAITS,
    means: 'No node has room for the pod, or none fits its nodeSelector, affinity and tolerations.',
    todo: 'Wait for other jobs to end, or ask for less in the template.'
  }
} as const satisfies Record<string, Meaning>
