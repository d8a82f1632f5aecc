/** Why a template is refused, as in `docs/templates.md`, and what its author can do about it. */
export const refusals = {
  yaml: {
    what: 'A file that is not one YAML document: a tab before a field, a field twice, a second document',
    todo: 'correct the YAML; each template has a file of its own'
  },
  manifest: {
    what: 'A manifest that is not a `batch/v1` Job with a name, the required annotations in their form, ' +
      'and a container with an `image`',
    todo: 'correct the field that the message names'
  },
  field: {
    what: 'A field that Kubernetes does not have: it would be ignored',
    todo: 'correct the name; a field that only a newer cluster has can be named in gx4ki.io/newer-fields'
  },
  type: {
    what: 'A value of another type than the field has, a number outside its range, or a null in a list',
    todo: 'write a text such as 8, yes or ~ in quotes, and a number or a boolean without'
  },
  annotation: {
    what: 'An annotation `gx4ki.io/…` that is not in the table above, is a label or on the pod, ' +
      'a wrong retention, or a `gx4ki.io/result` that is no name of a result',
    todo: 'correct the annotation'
  },
  variables: {
    what: 'An annotation `gx4ki.io/env` that is no JSON Schema of variables, whose default its own schema ' +
      'refuses, or that requires a variable which it does not have',
    todo: 'correct the schema; each variable has a type and a description'
  },
  name: {
    what: 'A name that another file has already',
    todo: 'change metadata.name'
  },
  pods: {
    what: '`completions` or `parallelism` other than 1, or `completionMode: Indexed`',
    todo: 'the results of a job come from one pod; for more pods, start more jobs'
  },
  length: {
    what: 'A variable or an argument that is longer than 131,071 bytes, also with the defaults of variables in it',
    todo: 'put it into a ConfigMap that the pod mounts: Linux starts no program with it'
  },
  folder: {
    what: 'A result folder that the uploader needs itself, such as `/`, `/etc` or `/app`',
    todo: 'choose a folder such as /results'
  },
  names: {
    what: 'A container `uploader`, or a volume `uploader-token` or `uploader-started`',
    todo: 'deploy adds one of this name, so rename yours'
  },
  volume: {
    what: 'A volume `results` that is not an `emptyDir`',
    todo: 'the uploader takes everything there for what this job has written; use another volume for other files'
  },
  mount: {
    what: 'Another volume that a container mounts within the result folder',
    todo: 'its files could not be collected; mount it elsewhere, and copy what is a result'
  },
  size: {
    what: 'A `sizeLimit` of the volume `results` that is no quantity',
    todo: 'write a quantity such as 10Gi'
  },
  grace: {
    what: 'A `terminationGracePeriodSeconds` below 5',
    todo: 'remove it, or set 5 or more: the uploader needs the time to say what it has'
  },
  root: {
    what: 'A container that runs as root: `runAsUser: 0`, `runAsNonRoot: false`',
    todo: 'set another user, such as 1000, and let the image work with it'
  },
  privileges: {
    what: 'What Pod Security `restricted` does not allow: `privileged`, `allowPrivilegeEscalation`, added capabilities, ' +
      'the network, the processes, the ports or a folder of the node, an `Unconfined` profile',
    todo: 'remove it: the cluster makes no pod with it'
  }
} as const

export type RefusalKind = keyof typeof refusals

/** The error for a template that is refused: what is wrong in this one, and what to do. */
export function unusable (kind: RefusalKind, what: string, cause?: unknown): Error {
  const { todo } = refusals[kind]
  const message = /[?.]$/.test(what) ? `${what} ${todo[0]!.toUpperCase()}${todo.slice(1)}` : `${what}: ${todo}`
  return new Error(message, cause === undefined ? undefined : { cause })
}
